-- Incidents that are open and began before the limit.
SELECT incident_id, title, started_at
FROM incidents
WHERE state <> 'resolved' AND started_at < $cutoff
ORDER BY started_at, incident_id
LIMIT 10
