-- Open incidents, those that ended lately, and whatever an alert that still fires belongs to.
SELECT *
FROM incidents
WHERE state <> 'resolved'
   OR resolved_at >= $since
   OR incident_id IN (SELECT incident_id FROM alerts WHERE state = 'firing')
