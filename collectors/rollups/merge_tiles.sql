-- The stretches in `unmerged`, of $level_s seconds between $low and $high, are rolled up.
INSERT INTO rollup_tiles
SELECT
    $level_s AS level_s, time_bucket(to_seconds($level_s), bucket) AS period, sum(spans)::BIGINT AS spans,
    (sum(stamp) % 2147483647)::BIGINT AS stamp, max(seen_at) AS seen_at
FROM rollup_tiles
WHERE level_s = 3600 AND bucket >= $low AND bucket < $high
    AND time_bucket(to_seconds($level_s), bucket) IN (SELECT bucket FROM unmerged)
GROUP BY ALL
