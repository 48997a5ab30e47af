-- Why records could not be taken, the most frequent reason first. The raw records are not read.
SELECT
    left(md5(source || '/' || reason), 8) AS reason_id,
    source, reason,
    count(*) AS records, count(DISTINCT file) AS files,
    count(*) FILTER (WHERE quarantined_at > CAST($now AS TIMESTAMPTZ) - INTERVAL 1 DAY) AS last_day,
    max(quarantined_at) AS last_at,
    (sum(count(*)) OVER ())::BIGINT AS records_in_all,
    count(*) OVER () AS reasons_in_all
FROM quarantine
WHERE $format IS NULL OR source = $format
GROUP BY source, reason
ORDER BY records DESC, last_at DESC, reason
LIMIT $limit
