-- Messages whose sender died: the claim ran out and nothing was recorded.
SELECT notification_id
FROM notifications
WHERE state = 'sending' AND next_attempt_at <= $now
