-- Figures per component and time bucket. A bucket without spans has no row: a gap, not a zero.
SELECT
    component,
    time_bucket(to_seconds($bucket_s), started_at, CAST($start AS TIMESTAMPTZ)) AS bucket,
    count(*) AS requests,
    count(*) FILTER (WHERE status = 'error') AS errors,
    quantile_cont(duration_s, 0.5) AS p50_s,
    quantile_cont(duration_s, 0.95) AS p95_s,
    quantile_cont(duration_s, 0.99) AS p99_s,
    quantile_cont(time_to_first_token_s, 0.5) AS ttft_p50_s,
    quantile_cont(time_to_first_token_s, 0.95) AS ttft_p95_s,
    sum(cost_usd) AS cost_usd,
    quantile_cont(input_tokens, 0.5) AS input_tokens_p50,
    quantile_cont(input_tokens, 0.95) AS input_tokens_p95,
    quantile_cont(output_tokens, 0.5) AS output_tokens_p50,
    quantile_cont(output_tokens, 0.95) AS output_tokens_p95
FROM spans
WHERE chain = $chain AND dataset = 'production'
  AND started_at >= $start AND started_at < $end
  AND ($component IS NULL OR component = $component)
  AND ($environment IS NULL OR environment = $environment)
  AND ($version IS NULL
       OR $version IN (chain_version, component_version, prompt_version, index_version, model))
GROUP BY component, bucket
ORDER BY component, bucket
