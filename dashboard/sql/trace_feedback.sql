SELECT span_id, name, score, label, comment, created_at, 'end user' AS author
FROM feedback
WHERE trace_id = $trace_id
UNION ALL
SELECT span_id, name, score, label, comment, created_at, author
FROM annotations
WHERE trace_id = $trace_id
ORDER BY created_at
LIMIT 200
