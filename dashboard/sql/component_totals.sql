-- Figures per component: the range, and the equally long one before it.
SELECT
    component,
    started_at >= $start AS is_current,
    count(*) AS requests,
    count(*) FILTER (WHERE status = 'error') AS errors,
    quantile_cont(duration_s, 0.5) AS p50_s,
    quantile_cont(duration_s, 0.95) AS p95_s,
    quantile_cont(duration_s, 0.99) AS p99_s,
    quantile_cont(time_to_first_token_s, 0.95) AS ttft_p95_s,
    sum(cost_usd) AS cost_usd,
    sum(input_tokens) AS input_tokens,
    sum(output_tokens) AS output_tokens
FROM spans
WHERE chain = $chain AND dataset = 'production'
  AND started_at >= $previous_start AND started_at < $end
  AND ($component IS NULL OR component = $component)
  AND ($environment IS NULL OR environment = $environment)
  AND ($version IS NULL
       OR $version IN (chain_version, component_version, prompt_version, index_version, model))
GROUP BY component, is_current
