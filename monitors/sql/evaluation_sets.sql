-- The evaluation sets of each chain, the newest first.
SELECT chain, dataset, count(*) AS spans, min(started_at) AS first_at, max(started_at) AS last_at
FROM spans
WHERE dataset <> 'production'
GROUP BY ALL
ORDER BY chain, last_at DESC, dataset
