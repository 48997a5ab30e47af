-- Silences that hold at the moment given.
SELECT silence_id, matchers, starts_at, ends_at, author, comment
FROM silences
WHERE expired_at IS NULL AND ends_at > $now
ORDER BY ends_at
