-- What follows of_sets.sql where the rows are numbers in bins: added up by set.
, bins AS (
    SELECT set_id, field, code, sum(n)::BIGINT AS n
    FROM (SELECT set_id, field, unnest(codes) AS code, unnest(counts) AS n FROM numbers_in)
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
    FROM numbers_in
    GROUP BY ALL
)
SELECT sums.*, listed.codes, listed.counts
FROM sums
JOIN listed USING (set_id, field)
