-- How many spans the hours from $low to $high have, a stamp of when each was stored, and when the newest was.
SELECT
    date_trunc('hour', started_at) AS bucket,
    count(*) AS spans,
    (sum(epoch_us(ingested_at)) % 2147483647)::BIGINT AS stamp,
    max(ingested_at) AS seen_at
FROM spans
WHERE started_at >= $low AND started_at < $high
GROUP BY bucket
