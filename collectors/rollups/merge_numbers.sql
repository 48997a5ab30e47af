-- The numbers of the stretches in `unmerged`, of $level_s seconds between $low and $high, from their hours.
INSERT INTO rollup_numbers BY NAME
WITH hours AS (
    SELECT * REPLACE (time_bucket(to_seconds($level_s), bucket) AS bucket)
    FROM rollup_numbers
    WHERE level_s = 3600 AND bucket >= $low AND bucket < $high
        AND time_bucket(to_seconds($level_s), bucket) IN (SELECT bucket FROM unmerged)
),
binned AS (
    SELECT
        bucket, dataset, chain, component, environment, chain_version, component_version, prompt_version,
        index_version, model, field, unnest(codes) AS code, unnest(counts) AS n
    FROM hours
),
bins AS (
    SELECT * EXCLUDE (n), sum(n)::BIGINT AS n
    FROM binned
    GROUP BY ALL
),
listed AS (
    SELECT * EXCLUDE (code, n), list(code ORDER BY code) AS codes, list(n ORDER BY code) AS counts
    FROM bins
    GROUP BY ALL
),
sums AS (
    SELECT
        bucket, dataset, chain, component, environment, chain_version, component_version, prompt_version,
        index_version, model, field, sum(n)::BIGINT AS n, sum(total) AS total, sum(squares) AS squares,
        min(low) AS low, max(high) AS high
    FROM hours
    GROUP BY ALL
)
SELECT
    $level_s AS level_s, s.*, l.codes, l.counts
FROM sums AS s
JOIN listed AS l
    ON l.bucket = s.bucket AND l.dataset = s.dataset AND l.chain = s.chain AND l.component = s.component
    AND l.environment IS NOT DISTINCT FROM s.environment
    AND l.chain_version IS NOT DISTINCT FROM s.chain_version
    AND l.component_version IS NOT DISTINCT FROM s.component_version
    AND l.prompt_version IS NOT DISTINCT FROM s.prompt_version
    AND l.index_version IS NOT DISTINCT FROM s.index_version
    AND l.model IS NOT DISTINCT FROM s.model
    AND l.field = s.field
