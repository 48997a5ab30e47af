-- The outcome of an attempt, written only by whoever still holds the claim.
UPDATE notifications
SET state = $state,
    reason = $reason,
    next_attempt_at = $next_at,
    sent_at = $sent_at,
    last_error = $error
WHERE notification_id = $id AND state = 'sending' AND attempts = $attempt
