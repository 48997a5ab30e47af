-- Traces that came since $since and name a user who was forgotten after they happened; they are remembered.
INSERT INTO forgotten_traces
SELECT spans.trace_id, max(users.forgotten_at)
FROM spans
JOIN forgotten_users AS users ON users.user_digest = sha256(spans.user_id)
WHERE spans.ingested_at >= $since AND spans.started_at < users.forgotten_at
    AND spans.trace_id NOT IN (SELECT trace_id FROM forgotten_traces)
GROUP BY spans.trace_id
RETURNING trace_id
