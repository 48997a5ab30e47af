-- Which version each component ran in each window, by version field. The version of the whole chain is
-- looked at where the chain begins.
WITH told AS (
    UNPIVOT (
        SELECT
            chain, component, started_at, epoch_us(started_at) // $length_us AS bucket,
            model, component_version, prompt_version, index_version,
            CASE WHEN parent_span_id IS NULL THEN chain_version END AS chain_version
        FROM spans
        WHERE started_at >= $start AND started_at < $end AND dataset = 'production'
    )
    ON model, component_version, prompt_version, index_version, chain_version
    INTO NAME field VALUE value
)
SELECT chain, component, field, bucket, value, count(*) AS spans, min(started_at) AS first_at
FROM told
GROUP BY ALL
ORDER BY chain, component, field, bucket, spans DESC, value
