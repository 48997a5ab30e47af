-- What one component can be split by: its versions, models and data sets, with how many spans each has in the
-- range. Evaluation sets count whenever they were run. A version is the value of any version marker.
SELECT 'version' AS way, marker, name, count(*) AS spans, max(started_at) AS last_at
FROM (
    UNPIVOT (
        SELECT started_at, component_version, prompt_version, index_version, chain_version
        FROM spans
        WHERE chain = $chain AND component = $component AND dataset = 'production'
          AND started_at >= $start AND started_at < $end
    )
    ON component_version, prompt_version, index_version, chain_version INTO NAME marker VALUE name
)
GROUP BY ALL
UNION ALL
SELECT 'model', 'model', model, count(*), max(started_at)
FROM spans
WHERE chain = $chain AND component = $component AND dataset = 'production'
  AND started_at >= $start AND started_at < $end AND model IS NOT NULL
GROUP BY ALL
UNION ALL
SELECT 'dataset', 'dataset', dataset, count(*), max(started_at)
FROM spans
WHERE chain = $chain AND component = $component
  AND (dataset <> 'production' OR started_at >= $start AND started_at < $end)
GROUP BY ALL
