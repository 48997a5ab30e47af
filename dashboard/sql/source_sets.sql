-- The sources of every evaluation set.
SELECT source, exporter, dataset, count(*) AS spans, max(ingested_at) AS arrived_at, max(started_at) AS newest_at
FROM spans
WHERE dataset <> 'production'
GROUP BY ALL
