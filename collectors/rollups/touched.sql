-- The hours of the spans that were stored at $since or later.
SELECT DISTINCT date_trunc('hour', started_at) AS bucket
FROM spans
WHERE ingested_at >= $since
