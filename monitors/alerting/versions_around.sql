-- The versions of one component before $low and from $high on, with their figures. A span's version is all its
-- version markers together; what lies between the two times is on neither side.
SELECT
    concat_ws(' · ',
        chain_version,
        component_version,
        'prompt ' || prompt_version,
        'index ' || index_version,
        model
    ) AS version,
    started_at >= $high AS after,
    count(*) AS requests,
    count(*) FILTER (WHERE status = 'error') AS errors,
    quantile_cont(duration_s, 0.5) AS p50_s,
    quantile_cont(duration_s, 0.95) AS p95_s,
    avg(output_tokens) AS output_tokens,
    sum(cost_usd) AS cost_usd,
    min(started_at) AS first_at
FROM spans
WHERE chain = $chain AND component = $component AND dataset = 'production'
  AND started_at >= $start AND started_at < $end
  AND (started_at < $low OR started_at >= $high)
GROUP BY version, after
ORDER BY after, first_at, version
LIMIT 40
