-- The sketches of the whole days of a stream between $start and $end.
SELECT *
FROM number_sketch_days
WHERE chain = $chain AND component = $component AND field = $field AND dataset = $dataset
    AND window_start >= $start AND window_end <= $end
ORDER BY window_start, basis
