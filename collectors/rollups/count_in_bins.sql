-- What follows `WITH numbers_in AS (...)`, rows of `span_measures` with whatever they are grouped by: each of their
-- numbers in $fields, all of them where that is NULL, counted in bins as rollups have them (bins.py).
, told AS (
    UNPIVOT numbers_in
    ON duration_s, time_to_first_token_s, cost_usd, input_tokens, output_tokens, input_characters,
        output_characters, documents
    INTO NAME field VALUE value
),
bins AS (
    SELECT
        * EXCLUDE (value),
        CASE
            WHEN value > 0 THEN $offset + ceil(ln(value) / $log_gamma)
            WHEN value < 0 THEN -($offset + ceil(ln(-value) / $log_gamma))
            ELSE 0
        END::INTEGER AS code,
        count(*) AS rows_in, sum(value) AS its_total, sum(value * value) AS its_squares, min(value) AS lowest,
        max(value) AS highest
    FROM told
    WHERE isfinite(value) AND ($fields IS NULL OR list_contains($fields, field))
    GROUP BY ALL
)
SELECT
    * EXCLUDE (code, rows_in, its_total, its_squares, lowest, highest),
    sum(rows_in)::BIGINT AS n, sum(its_total) AS total, sum(its_squares) AS squares, min(lowest) AS low,
    max(highest) AS high, list(code ORDER BY code) AS codes, list(rows_in ORDER BY code) AS counts
FROM bins
GROUP BY ALL
