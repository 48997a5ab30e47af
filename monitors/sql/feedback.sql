-- What users said in a stretch of time, by when they said it, beside the span it is of: the one it names, else the
-- application's span of the trace.
SELECT
    s.trace_id, s.span_id, s.chain, s.component, epoch_us(f.created_at) // $length_us AS bucket,
    f.name, f.score, f.label, f.user_id, f.created_at
FROM feedback f
JOIN spans s ON s.trace_id = f.trace_id
    AND (s.span_id = f.span_id OR (f.span_id IS NULL AND s.parent_span_id IS NULL))
WHERE f.created_at >= $start AND f.created_at < $end
    AND s.dataset = $dataset AND s.started_at >= $start - $reach::INTERVAL AND s.started_at < $end + INTERVAL 1 HOUR
    AND f.created_at <= s.started_at + $reach::INTERVAL
ORDER BY s.chain, s.component, bucket, s.trace_id, s.span_id, f.created_at, f.feedback_id
