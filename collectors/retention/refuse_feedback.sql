-- Feedback that a forgotten user gave on other traces.
DELETE FROM feedback
USING forgotten_users
WHERE forgotten_users.user_digest = sha256(feedback.user_id)
    AND feedback.ingested_at >= $since AND feedback.created_at < forgotten_users.forgotten_at
