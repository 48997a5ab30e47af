-- From when to when a chain has production spans.
SELECT min(started_at) AS first_at, max(started_at) AS last_at, count(*) AS spans
FROM spans
WHERE dataset = 'production' AND chain = $chain
