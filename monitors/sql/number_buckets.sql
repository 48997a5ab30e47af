-- The sketches of a stream that last a day, or those that last less, between $start and $end.
SELECT *
FROM number_sketches
WHERE chain = $chain AND component = $component AND field = $field AND dataset = $dataset
    AND window_start >= $start AND window_end <= $end
    AND (dataset <> 'production' OR (window_end - window_start = INTERVAL 1 DAY) = $days)
ORDER BY window_start, basis
