-- Messages that a silence stopped, of incidents that are still on: told when the silence is over.
SELECT n.notification_id, n.incident_id, i.chain, i.component, i.cause, i.severity, i.owner
FROM notifications n
JOIN incidents i USING (incident_id)
WHERE n.state = 'suppressed'
  AND n.reason LIKE 'silenced by %'
  AND n.kind = 'firing'
  AND i.state <> 'resolved'
