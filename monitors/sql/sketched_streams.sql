-- Which streams of production have sketches, and until when.
SELECT chain, component, field, max(window_end) AS last_end
FROM (
    SELECT chain, component, field, window_end FROM number_sketches WHERE dataset = 'production'
    UNION ALL
    SELECT chain, component, field, window_end FROM text_sketches WHERE dataset = 'production'
)
GROUP BY ALL
ORDER BY ALL
