SELECT component, monitor, concern, field, reason, started_at
FROM alerts
WHERE chain = $chain AND state = 'firing'
ORDER BY component, started_at
