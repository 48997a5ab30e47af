-- Production spans in each window since $start.
SELECT epoch_us(started_at) // $length_us AS bucket, count(*) AS spans
FROM spans
WHERE started_at >= $start AND started_at < $end AND dataset = 'production'
GROUP BY ALL
