-- Messages that a silence or another incident held back, of incidents that are still on: told when that is over.
SELECT n.notification_id, n.idempotency_key, n.incident_id, n.channel, n.stopped_by,
       json_extract_string(n.payload, '$.links.incident') AS link,
       i.chain, i.component, i.cause, i.severity, i.owner, i.evidence -> '$.labels' AS labels
FROM notifications n
JOIN incidents i USING (incident_id)
WHERE n.state = 'suppressed'
  AND n.stopped_by IN ('silence', 'inhibit')
  AND n.kind = 'firing'
  AND i.state <> 'resolved'
ORDER BY n.created_at, n.notification_id
