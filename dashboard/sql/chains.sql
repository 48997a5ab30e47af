-- The chains that a viewer can choose, the one seen last first.
-- components is kept by the monitor run; before the first run the newest day of spans has to do.
SELECT chain, max(last_seen_at) AS last_seen_at
FROM (
    SELECT chain, last_seen_at FROM components
    UNION ALL
    SELECT chain, max(started_at) AS last_seen_at
    FROM spans
    WHERE dataset = 'production'
      AND started_at >= (SELECT max(started_at) FROM spans) - INTERVAL 1 DAY
    GROUP BY chain
)
GROUP BY chain
ORDER BY last_seen_at DESC, chain
