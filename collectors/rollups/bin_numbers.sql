-- The fields $fields of the spans of the hours in `left_out`, which lie between $low and $high, counted in bins as
-- rollups have them.
WITH spans_in AS (
    SELECT
        component, chain_version, component_version, prompt_version, index_version, model,
        floor((epoch(started_at) - epoch(CAST($origin AS TIMESTAMPTZ))) / $step_s)::BIGINT AS place,
        duration_s, time_to_first_token_s, cost_usd, input_tokens, output_tokens, input_characters, output_characters,
        documents
    FROM span_measures
    WHERE chain = $chain AND dataset = $dataset
        AND started_at >= $low AND started_at < $high AND started_at >= $start AND started_at < $end
        AND date_trunc('hour', started_at) IN (SELECT bucket FROM left_out)
        AND ($component IS NULL OR component = $component)
        AND ($version IS NULL OR coalesce(component_version, chain_version) = $version)
        AND ($model IS NULL OR model = $model)
),
told AS (
    UNPIVOT spans_in
    ON duration_s, time_to_first_token_s, cost_usd, input_tokens, output_tokens, input_characters,
        output_characters, documents
    INTO NAME field VALUE value
),
bins AS (
    SELECT
        component, place, chain_version, component_version, prompt_version, index_version, model, field,
        CASE
            WHEN value > 0 THEN $offset + ceil(ln(value) / $log_gamma)
            WHEN value < 0 THEN -($offset + ceil(ln(-value) / $log_gamma))
            ELSE 0
        END::INTEGER AS code,
        count(*) AS n, sum(value) AS total, sum(value * value) AS squares, min(value) AS low, max(value) AS high
    FROM told
    WHERE isfinite(value) AND list_contains($fields, field)
    GROUP BY ALL
)
SELECT
    component, place, chain_version, component_version, prompt_version, index_version, model, field,
    sum(n)::BIGINT AS n, sum(total) AS total, sum(squares) AS squares, min(low) AS low, max(high) AS high,
    list(code ORDER BY code) AS codes, list(n ORDER BY code) AS counts
FROM bins
GROUP BY ALL
