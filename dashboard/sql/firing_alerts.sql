SELECT component, monitor, concern, field, reason, started_at, incident_id
FROM alerts
WHERE chain = $chain AND state = 'firing'
ORDER BY component, started_at
