-- Alerts that fire, ended lately, or belong to an incident that can still change.
SELECT *
FROM alerts
WHERE state = 'firing'
   OR resolved_at >= $since
   OR incident_id IN (
        SELECT incident_id FROM incidents WHERE state <> 'resolved' OR resolved_at >= $since
   )
