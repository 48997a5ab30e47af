-- The version markers that occur in the range, for the filter.
SELECT DISTINCT version
FROM (
    SELECT unnest([chain_version, component_version, prompt_version, index_version, model]) AS version
    FROM spans
    WHERE chain = $chain AND dataset = 'production' AND started_at >= $start AND started_at < $end
)
WHERE version IS NOT NULL
ORDER BY version
LIMIT 500
