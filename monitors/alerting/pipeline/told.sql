-- What was queued of incidents and groups, oldest first.
SELECT notification_id, idempotency_key, incident_id, channel, kind, state, attempts, created_at, last_error
FROM notifications
WHERE incident_id IN (SELECT unnest($subjects::VARCHAR[]))
ORDER BY created_at, kind
