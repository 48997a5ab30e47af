-- The version sets of the hours in `stale_hours`, which lie between $low and $high; cap_sets.sql follows.
CREATE OR REPLACE TEMP TABLE version_sets AS
WITH seen AS (
    SELECT
        date_trunc('hour', started_at) AS bucket, dataset, chain, component,
        environment, chain_version, component_version, prompt_version, index_version, model,
        count(*) AS spans, count(*) FILTER (WHERE status = 'error') AS errors,
        min(started_at) AS first_at, max(started_at) AS last_at
    FROM spans
    WHERE started_at >= $low AND started_at < $high
        AND date_trunc('hour', started_at) IN (SELECT bucket FROM stale_hours)
    GROUP BY ALL
)
