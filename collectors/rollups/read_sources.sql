-- Sources of production in the stretches in `tiles`, and in the spans of the hours in `left_out`, which lie between
-- $low and $high.
SELECT
    place, source, exporter, sum(spans)::BIGINT AS spans, max(arrived_at) AS arrived_at, max(newest_at) AS newest_at
FROM (
    SELECT t.place, r.source, r.exporter, r.spans, r.arrived_at, r.newest_at
    FROM rollup_sources AS r
    JOIN tiles AS t ON t.level_s = r.level_s AND t.bucket = r.bucket
    WHERE r.dataset = 'production' AND r.bucket >= $start AND r.bucket < $end
    UNION ALL BY NAME
    SELECT
        floor((epoch(started_at) - epoch(CAST($origin AS TIMESTAMPTZ))) / $step_s)::BIGINT AS place,
        source, exporter, 1 AS spans, ingested_at AS arrived_at, started_at AS newest_at
    FROM spans
    WHERE dataset = 'production'
        AND started_at >= $low AND started_at < $high AND started_at >= $start AND started_at < $end
        AND date_trunc('hour', started_at) IN (SELECT bucket FROM left_out)
)
GROUP BY ALL
