-- The sources of the stretches in `unmerged`, of $level_s seconds between $low and $high, from their hours.
INSERT INTO rollup_sources
SELECT
    $level_s AS level_s, time_bucket(to_seconds($level_s), bucket) AS period, dataset, source, exporter,
    sum(spans)::BIGINT AS spans, max(arrived_at) AS arrived_at, max(newest_at) AS newest_at
FROM rollup_sources
WHERE level_s = 3600 AND bucket >= $low AND bucket < $high
    AND time_bucket(to_seconds($level_s), bucket) IN (SELECT bucket FROM unmerged)
GROUP BY ALL
