-- The version sets of the hours of the stretches in `unmerged`, of $level_s seconds between $low and $high;
-- cap_sets.sql follows.
CREATE OR REPLACE TEMP TABLE version_sets AS
WITH seen AS (
    SELECT
        time_bucket(to_seconds($level_s), bucket) AS bucket, dataset, chain, component,
        environment, chain_version, component_version, prompt_version, index_version, model,
        sum(spans)::BIGINT AS spans, sum(errors)::BIGINT AS errors,
        min(first_at) AS first_at, max(last_at) AS last_at
    FROM rollup_spans
    WHERE level_s = 3600 AND bucket >= $low AND bucket < $high
        AND time_bucket(to_seconds($level_s), bucket) IN (SELECT bucket FROM unmerged)
    GROUP BY ALL
)
