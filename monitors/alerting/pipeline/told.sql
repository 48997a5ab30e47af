-- What was queued of an incident or a group for a channel, oldest first.
SELECT idempotency_key, kind, state, attempts, created_at, next_attempt_at, last_error
FROM notifications
WHERE incident_id = $incident_id AND channel = $channel
ORDER BY created_at, kind
