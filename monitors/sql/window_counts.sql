-- Production spans in each window since $start, and a stamp of when each of them was stored: it changes with every
-- span that comes or is completed, whatever the clock did, and with every feedback that was given in the window.
-- (The largest prime below 2^31 keeps it a BIGINT.)
SELECT bucket, sum(spans)::BIGINT AS spans, (sum(stored) % 2147483647)::BIGINT AS stamp
FROM (
    SELECT epoch_us(started_at) // $length_us AS bucket, count(*) AS spans, sum(epoch_us(ingested_at)) AS stored
    FROM spans
    WHERE started_at >= $start AND started_at < $end AND dataset = 'production'
    GROUP BY ALL
    UNION ALL
    SELECT epoch_us(created_at) // $length_us AS bucket, 0 AS spans, sum(epoch_us(ingested_at)) AS stored
    FROM feedback
    WHERE created_at >= $start AND created_at < $end
    GROUP BY ALL
)
GROUP BY bucket
