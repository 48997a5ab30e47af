-- Which streams of production have sketches, and until when.
SELECT chain, component, field, max(window_end) AS last_end
FROM (
    SELECT dataset, chain, component, field, window_end FROM number_sketches
    UNION ALL
    SELECT dataset, chain, component, field, window_end FROM number_sketch_days
    UNION ALL
    SELECT dataset, chain, component, field, window_end FROM text_sketches
    UNION ALL
    SELECT dataset, chain, component, field, window_end FROM text_sketch_days
)
WHERE dataset = 'production'
GROUP BY ALL
ORDER BY ALL
