-- The sketches of the windows of a stream between $start and $end, or of an evaluation set.
SELECT * EXCLUDE (dataset, chain, component, field)
FROM number_sketches
WHERE chain = $chain AND component = $component AND field = $field AND dataset = $dataset
    AND window_start >= $start AND window_end <= $end
