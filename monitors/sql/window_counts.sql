-- Production spans in each window since $start, and a stamp of when each of them was stored: it changes with every
-- span that comes or is completed, whatever the clock did. (The largest prime below 2^31 keeps it a BIGINT.)
SELECT
    epoch_us(started_at) // $length_us AS bucket,
    count(*) AS spans,
    (sum(epoch_us(ingested_at)) % 2147483647)::BIGINT AS stamp
FROM spans
WHERE started_at >= $start AND started_at < $end AND dataset = 'production'
GROUP BY ALL
