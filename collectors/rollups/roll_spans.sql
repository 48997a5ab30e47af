-- The hours in `stale_hours`, which lie between $low and $high.
INSERT INTO rollup_spans BY NAME
SELECT
    3600 AS level_s, date_trunc('hour', started_at) AS bucket, dataset, chain, component, environment,
    chain_version, component_version, prompt_version, index_version, model,
    count(*) AS spans, count(*) FILTER (WHERE status = 'error') AS errors,
    min(started_at) AS first_at, max(started_at) AS last_at
FROM spans
WHERE started_at >= $low AND started_at < $high
    AND date_trunc('hour', started_at) IN (SELECT bucket FROM stale_hours)
GROUP BY ALL
