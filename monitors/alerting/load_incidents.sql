-- Open incidents, those that ended lately, and whatever an alert belongs to that fires or ended lately: people
-- may have closed its incident long before.
SELECT *
FROM incidents
WHERE state <> 'resolved'
   OR resolved_at >= $since
   OR incident_id IN (SELECT incident_id FROM alerts WHERE state = 'firing' OR resolved_at >= $since)
