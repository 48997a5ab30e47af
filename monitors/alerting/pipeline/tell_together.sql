-- What held a message back is over, and it is told with others.
UPDATE notifications
SET stopped_by = 'group', reason = $reason, group_id = $group_id,
    decisions = to_json(list_append(coalesce(decisions::JSON[], []), $step::JSON))
WHERE notification_id = $id
