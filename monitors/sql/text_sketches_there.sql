-- Which windows of $length have a sketch of their texts; the sketch itself, if $whole.
SELECT chain, component, field, basis, window_start, CASE WHEN $whole THEN sketch END AS sketch
FROM (
    FROM text_sketches UNION ALL FROM text_sketch_days WHERE $length = INTERVAL 1 DAY
)
WHERE dataset = 'production' AND window_start >= $start AND window_end <= $end
    AND window_end - window_start = $length
