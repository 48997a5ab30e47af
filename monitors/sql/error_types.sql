-- What went wrong in a component, by kind of error.
SELECT coalesce(error_type, 'unnamed') AS error_type, count(*) AS spans
FROM spans
WHERE started_at >= $start AND started_at < $end AND dataset = 'production'
    AND chain = $chain AND component = $component AND status = 'error'
GROUP BY ALL
ORDER BY spans DESC, error_type
LIMIT 10
