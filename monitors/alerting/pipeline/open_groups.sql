-- Messages that tell of many incidents and whose end was not told yet, with those incidents.
SELECT
    g.group_id, g.channel, json_extract_string(g.payload, '$.group_key') AS group_key,
    (
        SELECT list(DISTINCT m.incident_id ORDER BY m.incident_id)
        FROM notifications m
        WHERE m.group_id = g.group_id AND m.channel = g.channel AND m.incident_id <> g.group_id
    ) AS members,
    (
        SELECT count(*) FROM notifications t WHERE t.incident_id = g.group_id AND t.channel = g.channel
    ) AS messages,
    (
        SELECT max(t.created_at) FROM notifications t WHERE t.incident_id = g.group_id AND t.channel = g.channel
    ) AS told_at
FROM notifications g
WHERE g.incident_id = g.group_id AND g.kind = 'firing'
    AND NOT EXISTS (
        SELECT 1
        FROM notifications r
        WHERE r.incident_id = g.group_id AND r.channel = g.channel AND r.kind = 'resolved'
    )
ORDER BY g.created_at, g.group_id
