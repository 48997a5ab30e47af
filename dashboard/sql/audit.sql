SELECT occurred_at, actor, action, detail
FROM audit
WHERE subject = $incident_id
ORDER BY occurred_at DESC
LIMIT 100
