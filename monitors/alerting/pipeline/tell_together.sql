-- What held messages back is over, and they are told with others.
UPDATE notifications
SET stopped_by = 'group', reason = joined.reason, group_id = joined.group_id,
    decisions = to_json(list_append(coalesce(decisions::JSON[], []), joined.step::JSON))
FROM (
    SELECT unnest($ids::VARCHAR[]) AS id, unnest($reasons::VARCHAR[]) AS reason,
        unnest($groups::VARCHAR[]) AS group_id, unnest($steps::VARCHAR[]) AS step
) AS joined
WHERE notification_id = joined.id
