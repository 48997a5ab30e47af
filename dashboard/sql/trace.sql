SELECT *
FROM spans
WHERE trace_id = $trace_id AND started_at >= $low AND started_at <= $high
ORDER BY started_at, span_id
LIMIT 2000
