-- The windows of the days from $low on that are over by $until and have no sketch of their own.
SELECT w.*, date_trunc('day', w.window_start) AS bucket
FROM number_sketches w
WHERE w.dataset = 'production' AND w.window_start >= $low AND w.window_start < $until
    AND date_trunc('day', w.window_start) + INTERVAL 1 DAY <= $until
    AND NOT EXISTS (
        SELECT 1 FROM number_sketch_days d
        WHERE d.dataset = w.dataset AND d.chain = w.chain AND d.component = w.component AND d.field = w.field
            AND d.basis = w.basis AND d.window_start = date_trunc('day', w.window_start)
            AND d.window_end - d.window_start = INTERVAL 1 DAY
    )
ORDER BY w.window_start
