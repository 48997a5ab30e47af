-- The sketches of the whole days, or weeks, as $length says, of a stream between $start and $end.
SELECT * EXCLUDE (dataset, chain, component, field)
FROM text_sketch_days
WHERE chain = $chain AND component = $component AND field = $field AND dataset = $dataset
    AND window_start >= $start AND window_end <= $end AND window_end - window_start = $length
