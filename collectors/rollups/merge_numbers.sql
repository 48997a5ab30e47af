-- The numbers of the hours of `version_sets`, which lie between $low and $high, added up by set.
WITH hours AS (
    SELECT v.set_id, r.field, r.n, r.total, r.squares, r.low, r.high, r.codes, r.counts
    FROM rollup_numbers AS r
    JOIN version_sets AS v
        ON v.bucket = time_bucket(to_seconds($level_s), r.bucket) AND v.dataset = r.dataset AND v.chain = r.chain
        AND v.component = r.component
        AND v.environment IS NOT DISTINCT FROM r.environment
        AND v.chain_version IS NOT DISTINCT FROM r.chain_version
        AND v.component_version IS NOT DISTINCT FROM r.component_version
        AND v.prompt_version IS NOT DISTINCT FROM r.prompt_version
        AND v.index_version IS NOT DISTINCT FROM r.index_version
        AND v.model IS NOT DISTINCT FROM r.model
    WHERE r.level_s = 3600 AND r.bucket >= $low AND r.bucket < $high
),
bins AS (
    SELECT set_id, field, code, sum(n)::BIGINT AS n
    FROM (SELECT set_id, field, unnest(codes) AS code, unnest(counts) AS n FROM hours)
    GROUP BY ALL
),
listed AS (
    SELECT set_id, field, list(code ORDER BY code) AS codes, list(n ORDER BY code) AS counts
    FROM bins
    GROUP BY ALL
),
sums AS (
    SELECT
        set_id, field, sum(n)::BIGINT AS n, sum(total) AS total, sum(squares) AS squares, min(low) AS low,
        max(high) AS high
    FROM hours
    GROUP BY ALL
)
SELECT sums.*, listed.codes, listed.counts
FROM sums
JOIN listed USING (set_id, field)
