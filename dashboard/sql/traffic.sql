-- Production spans of the last week of traffic, beside when that begins: what the disk will fill with.
SELECT count(*) AS spans, min(started_at) AS first_at, max(started_at) AS last_at
FROM spans
WHERE dataset = 'production'
  AND started_at > CAST($newest_at AS TIMESTAMPTZ) - INTERVAL 7 DAY AND started_at <= $newest_at
