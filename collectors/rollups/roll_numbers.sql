-- The numbers of the hours in `stale_hours`, which lie between $low and $high, counted in bins: see bins.py.
INSERT INTO rollup_numbers
WITH spans_in AS (
    SELECT * EXCLUDE (started_at), date_trunc('hour', started_at) AS bucket
    FROM span_measures
    WHERE started_at >= $low AND started_at < $high
        AND date_trunc('hour', started_at) IN (SELECT bucket FROM stale_hours)
),
told AS (
    UNPIVOT spans_in
    ON duration_s, time_to_first_token_s, cost_usd, input_tokens, output_tokens, input_characters,
        output_characters, documents
    INTO NAME field VALUE value
),
bins AS (
    SELECT
        bucket, dataset, chain, component, chain_version, component_version, prompt_version, index_version, model,
        field,
        CASE
            WHEN value > 0 THEN $offset + ceil(ln(value) / $log_gamma)
            WHEN value < 0 THEN -($offset + ceil(ln(-value) / $log_gamma))
            ELSE 0
        END::INTEGER AS code,
        count(*) AS n, sum(value) AS total, sum(value * value) AS squares, min(value) AS low, max(value) AS high
    FROM told
    WHERE isfinite(value)
    GROUP BY ALL
)
SELECT
    3600 AS level_s, bucket, dataset, chain, component,
    chain_version, component_version, prompt_version, index_version, model, field,
    sum(n)::BIGINT AS n, sum(total) AS total, sum(squares) AS squares, min(low) AS low, max(high) AS high,
    list(code ORDER BY code) AS codes, list(n ORDER BY code) AS counts
FROM bins
GROUP BY ALL
