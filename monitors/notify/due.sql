-- What may be sent now, oldest first; of one incident and channel only the oldest that is not done,
-- so that nobody reads "resolved" before "firing".
SELECT n.notification_id, n.idempotency_key, n.incident_id, n.channel, n.kind, n.payload, n.attempts,
       i.state, i.chain, i.component, i.cause, i.severity, i.owner, i.evidence -> '$.labels' AS labels
FROM notifications n
LEFT JOIN incidents i USING (incident_id)
WHERE n.state = 'pending'
  AND n.next_attempt_at <= $now
  AND list_contains($channels, n.channel)
  AND NOT EXISTS (
        SELECT 1
        FROM notifications earlier
        WHERE earlier.incident_id = n.incident_id
          AND earlier.channel = n.channel
          AND earlier.state IN ('pending', 'sending')
          AND (earlier.created_at, earlier.kind) < (n.created_at, n.kind)
  )
ORDER BY n.created_at, i.severity, n.notification_id
