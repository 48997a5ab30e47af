-- The days of the weeks from $low on that are over by $until and have no sketch of their own.
SELECT d.*, date_trunc('week', d.window_start) AS bucket
FROM number_sketch_days d
WHERE d.dataset = 'production' AND d.window_start >= $low AND d.window_end - d.window_start = INTERVAL 1 DAY
    AND date_trunc('week', d.window_start) + INTERVAL 7 DAY <= $until
    AND NOT EXISTS (
        SELECT 1 FROM number_sketch_days w
        WHERE w.dataset = d.dataset AND w.chain = d.chain AND w.component = d.component AND w.field = d.field
            AND w.basis = d.basis AND w.window_start = date_trunc('week', d.window_start)
            AND w.window_end - w.window_start = INTERVAL 7 DAY
    )
ORDER BY d.window_start
