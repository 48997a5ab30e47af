-- The evaluation sets of one component, whenever they were run.
SELECT 'dataset' AS way, dataset AS name, count(*) AS spans, max(started_at) AS last_at
FROM spans
WHERE chain = $chain AND component = $component AND dataset <> 'production'
GROUP BY ALL
