-- The channels on which people heard of an incident, or still will; alone, or with others.
SELECT channel, arg_max(group_id, created_at) FILTER (stopped_by = 'group') AS group_id,
    arg_max(coalesce(stopped_by, '') = 'group', created_at) AS is_grouped
FROM notifications
WHERE incident_id = $incident_id AND kind = 'firing'
    AND (state IN ('pending', 'sending', 'sent') OR (stopped_by = 'group' AND group_id IS NOT NULL))
GROUP BY channel
