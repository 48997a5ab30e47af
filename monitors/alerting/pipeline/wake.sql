-- What held a message back is over: it goes out, dated now so that it does not count as too old.
UPDATE notifications
SET state = 'pending', reason = NULL, stopped_by = NULL, next_attempt_at = $now, created_at = $now,
    decisions = to_json(list_append(coalesce(decisions::JSON[], []), $step::JSON))
WHERE notification_id = $id
