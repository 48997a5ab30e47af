-- The channels on which people heard of incidents, or still will; alone, or with others.
SELECT incident_id, channel, arg_max(group_id, created_at) FILTER (stopped_by = 'group') AS group_id,
    arg_max(coalesce(stopped_by, '') = 'group', created_at) AS is_grouped
FROM notifications
WHERE incident_id IN (SELECT unnest($incident_ids::VARCHAR[])) AND kind = 'firing'
    AND (state IN ('pending', 'sending', 'sent') OR (stopped_by = 'group' AND group_id IS NOT NULL))
GROUP BY incident_id, channel
