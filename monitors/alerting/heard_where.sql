-- The channels on which people heard of an incident, or still will.
SELECT DISTINCT channel
FROM notifications
WHERE incident_id = $incident_id AND kind = 'firing' AND state IN ('pending', 'sending', 'sent')
