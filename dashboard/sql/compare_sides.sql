-- What one component can be split by: its versions, models and data sets, with how many spans each has in the
-- range. Evaluation sets count whenever they were run.
SELECT 'version' AS way, coalesce(component_version, chain_version) AS name, count(*) AS spans, max(started_at) AS last_at
FROM spans
WHERE chain = $chain AND component = $component AND dataset = 'production'
  AND started_at >= $start AND started_at < $end AND coalesce(component_version, chain_version) IS NOT NULL
GROUP BY ALL
UNION ALL
SELECT 'model', model, count(*), max(started_at)
FROM spans
WHERE chain = $chain AND component = $component AND dataset = 'production'
  AND started_at >= $start AND started_at < $end AND model IS NOT NULL
GROUP BY ALL
UNION ALL
SELECT 'dataset', dataset, count(*), max(started_at)
FROM spans
WHERE chain = $chain AND component = $component
  AND (dataset <> 'production' OR started_at >= $start AND started_at < $end)
GROUP BY ALL
ORDER BY way, last_at DESC, name
