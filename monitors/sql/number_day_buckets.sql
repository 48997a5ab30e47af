-- The sketches of the whole days, or weeks, as $length says, of a stream between $start and $end.
--
-- In two steps: the length of a window is no filter of the scan, which would read the sketches of the days to
-- throw them away for the weeks.
SELECT * EXCLUDE (dataset, chain, component, field)
FROM number_sketch_days
WHERE rowid IN (
    SELECT rowid FROM number_sketch_days
    WHERE chain = $chain AND component = $component AND field = $field AND dataset = $dataset
        AND window_start >= $start AND window_end <= $end AND window_end - window_start = $length
)
