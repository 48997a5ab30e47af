-- The stretches in `unmerged`, of $level_s seconds between $low and $high, from their hours.
INSERT INTO rollup_spans
SELECT
    $level_s AS level_s, time_bucket(to_seconds($level_s), bucket) AS period, dataset, chain, component,
    chain_version, component_version, prompt_version, index_version, model,
    sum(spans)::BIGINT AS spans, sum(errors)::BIGINT AS errors, min(first_at) AS first_at, max(last_at) AS last_at,
    environment
FROM rollup_spans
WHERE level_s = 3600 AND bucket >= $low AND bucket < $high
    AND time_bucket(to_seconds($level_s), bucket) IN (SELECT bucket FROM unmerged)
GROUP BY ALL
