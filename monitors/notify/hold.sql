-- A silence that came after a message was queued holds it back.
UPDATE notifications
SET state = 'suppressed', stopped_by = 'silence', reason = $reason,
    decisions = to_json(list_append(coalesce(decisions::JSON[], []), $step::JSON))
WHERE notification_id = $id
