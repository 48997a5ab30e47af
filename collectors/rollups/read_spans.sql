-- Counts of the stretches in `tiles`, and of the spans of the hours in `left_out`, which lie between $low and $high.
SELECT
    component, place, environment, chain_version, component_version, prompt_version, index_version, model,
    sum(spans)::BIGINT AS spans, sum(errors)::BIGINT AS errors, min(first_at) AS first_at, max(last_at) AS last_at
FROM (
    SELECT r.*, t.place
    FROM rollup_spans AS r
    JOIN tiles AS t ON t.level_s = r.level_s AND t.bucket = r.bucket
    WHERE r.chain = $chain AND r.dataset = $dataset AND r.bucket >= $start AND r.bucket < $end
    UNION ALL BY NAME
    SELECT
        component, environment, chain_version, component_version, prompt_version, index_version, model,
        1 AS spans, (status = 'error')::BIGINT AS errors, started_at AS first_at, started_at AS last_at,
        floor((epoch(started_at) - epoch(CAST($origin AS TIMESTAMPTZ))) / $step_s)::BIGINT AS place
    FROM spans
    WHERE chain = $chain AND dataset = $dataset
        AND started_at >= $low AND started_at < $high AND started_at >= $start AND started_at < $end
        AND date_trunc('hour', started_at) IN (SELECT bucket FROM left_out)
)
WHERE ($component IS NULL OR component = $component)
    AND ($version IS NULL OR coalesce(component_version, chain_version) = $version)
    AND ($model IS NULL OR model = $model)
    AND ($environment IS NULL OR environment = $environment)
    AND ($marker IS NULL OR $marker IN (chain_version, component_version, prompt_version, index_version, model))
GROUP BY ALL
