-- The sketches of the days and weeks of a stream that begin at $starts and end at $ends, all between $start and $end.
--
-- In two steps: what is no filter of the scan would read the sketches of all days to throw most of them away. Where the
-- first step finds nothing, the second would read the whole table, were it not bounded too.
SELECT * EXCLUDE (dataset, chain, component, field)
FROM number_sketch_days
WHERE chain = $chain AND component = $component AND field = $field AND dataset = $dataset
    AND window_start >= $start AND window_end <= $end
    AND rowid IN (
        SELECT rowid FROM number_sketch_days
        SEMI JOIN (SELECT unnest($starts) AS window_start, unnest($ends) AS window_end)
            USING (window_start, window_end)
        WHERE chain = $chain AND component = $component AND field = $field AND dataset = $dataset
            AND window_start >= $start AND window_end <= $end
    )
