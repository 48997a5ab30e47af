-- From when and until when a stream has sketches between $start and $end; without any, nothing and nothing.
SELECT min(window_start) AS start, max(window_end) AS "end"
FROM (
    SELECT dataset, chain, component, field, window_start, window_end FROM number_sketches
    UNION ALL
    SELECT dataset, chain, component, field, window_start, window_end FROM number_sketch_days
)
WHERE chain = $chain AND component = $component AND field = $field AND dataset = $dataset
    AND window_start >= $start AND window_end <= $end
