-- The versions of one component side by side. A span's version is all its version markers together.
SELECT
    concat_ws(' · ',
        chain_version,
        component_version,
        'prompt ' || prompt_version,
        'index ' || index_version,
        model
    ) AS version,
    min(started_at) AS first_at,
    max(started_at) AS last_at,
    count(*) AS requests,
    count(*) FILTER (WHERE status = 'error') AS errors,
    quantile_cont(duration_s, 0.5) AS p50_s,
    quantile_cont(duration_s, 0.95) AS p95_s,
    avg(output_tokens) AS output_tokens,
    sum(cost_usd) AS cost_usd
FROM spans
WHERE chain = $chain AND component = $component AND dataset = 'production'
  AND started_at >= $start AND started_at < $end
  AND ($environment IS NULL OR environment = $environment)
  AND ($version IS NULL
       OR $version IN (chain_version, component_version, prompt_version, index_version, model))
GROUP BY version
ORDER BY first_at DESC
LIMIT 30
