-- The sources of the hours in `stale_hours`, which lie between $low and $high.
INSERT INTO rollup_sources
SELECT
    3600 AS level_s, date_trunc('hour', started_at) AS bucket, dataset, source, exporter,
    count(*) AS spans, max(ingested_at) AS arrived_at, max(started_at) AS newest_at
FROM spans
WHERE started_at >= $low AND started_at < $high
    AND date_trunc('hour', started_at) IN (SELECT bucket FROM stale_hours)
GROUP BY ALL
