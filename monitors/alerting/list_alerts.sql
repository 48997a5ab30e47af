-- What fires now.
SELECT alert_id, incident_id, monitor, component, field, concern, reference_kind, value, threshold, unit, reason,
       started_at, fired_at, last_breach_at
FROM alerts
WHERE state = 'firing'
ORDER BY started_at, alert_id
