SELECT *
FROM spans
WHERE trace_id = $trace_id
ORDER BY started_at, span_id
LIMIT 2000
