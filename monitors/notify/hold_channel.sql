-- The channel fails: its other messages wait too. The error marks them as tried in spirit, so that an incident
-- that ends meanwhile is still told.
UPDATE notifications
SET next_attempt_at = greatest(next_attempt_at, $until), last_error = 'waits: the channel is failing'
WHERE channel = $channel AND state = 'pending' AND notification_id <> $id
