-- A silence is over: its message goes out, dated now so that it does not count as too old.
UPDATE notifications
SET state = 'pending', reason = NULL, next_attempt_at = $now, created_at = $now
WHERE notification_id = $id
