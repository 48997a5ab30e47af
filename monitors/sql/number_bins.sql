-- All numbers of each component and window, counted in bins: see `monitors/sketches/number_sketch.py`, which has
-- the same bins. What is no finite number is left out.
WITH spans_in AS (
    SELECT
        chain, component, epoch_us(started_at) // $length_us AS bucket,
        duration_s, time_to_first_token_s, status, cost_usd,
        input_tokens, output_tokens, input_length, output_length
    FROM span_numbers
    WHERE started_at >= $start AND started_at < $end AND dataset = $dataset
),
told AS (
    UNPIVOT spans_in
    ON duration_s, time_to_first_token_s, status, cost_usd, input_tokens, output_tokens, input_length, output_length
    INTO NAME field VALUE value
),
bins AS (
    SELECT
        chain, component, bucket, field,
        CASE
            WHEN value > 0 THEN $offset + ceil(ln(value) / $log_gamma)
            WHEN value < 0 THEN -($offset + ceil(ln(-value) / $log_gamma))
            ELSE 0
        END::INTEGER AS code,
        count(*) AS rows_in,
        coalesce(sum(try_cast(value AS DECIMAL(28, 9))), 0)::DECIMAL(38, 9) AS total,
        min(value) AS low, max(value) AS high
    FROM told
    WHERE isfinite(value)
    GROUP BY ALL
)
SELECT
    chain, component, bucket, field,
    list(code ORDER BY code) AS codes, list(rows_in ORDER BY code) AS counts,
    sum(total) AS total, min(low) AS low, max(high) AS high
FROM bins
GROUP BY ALL
ORDER BY ALL
