-- Production spans of each source in the range, and every evaluation set, which has no age: one row a source,
-- then one a format, exporter and bucket, which is counted from 0. The range is read once. A bucket without spans
-- has no row.
WITH counted AS MATERIALIZED (
    SELECT
        source, exporter, dataset,
        -- Twice as fast as time_bucket.
        (epoch_us(started_at) - epoch_us(CAST($start AS TIMESTAMPTZ))) // ($bucket_s::BIGINT * 1000000) AS bucket,
        count(*) AS spans, max(ingested_at) AS arrived_at, max(started_at) AS newest_at
    FROM spans
    WHERE dataset = 'production' AND started_at >= $start AND started_at < $end
    GROUP BY ALL
), totals AS (
    SELECT
        source, exporter, dataset,
        sum(spans)::BIGINT AS spans, max(arrived_at) AS arrived_at, max(newest_at) AS newest_at
    FROM counted
    GROUP BY ALL
    UNION ALL
    SELECT source, exporter, dataset, count(*), max(ingested_at), max(started_at)
    FROM spans
    WHERE dataset <> 'production'
    GROUP BY ALL
), chosen AS (
    SELECT *, count(*) OVER () AS sources
    FROM totals
    WHERE $format IS NULL OR split_part(source, ':', 1) = $format
    ORDER BY arrived_at DESC, source, exporter, dataset
    LIMIT $limit
)
SELECT 'total' AS part, source, exporter, dataset, NULL AS bucket, spans, arrived_at, newest_at, sources
FROM chosen
UNION ALL
SELECT 'format', split_part(source, ':', 1), NULL, NULL, NULL, sum(spans)::BIGINT, NULL, NULL, NULL
FROM totals
GROUP BY ALL
UNION ALL
SELECT 'point', split_part(source, ':', 1), exporter, dataset, bucket, sum(spans)::BIGINT, NULL, NULL, NULL
FROM counted
WHERE $format IS NULL OR split_part(source, ':', 1) = $format
GROUP BY ALL
ORDER BY part, bucket, arrived_at DESC, source, exporter, dataset
