-- What is stored, by chain and dataset.
SELECT
    chain, dataset, count(*) AS spans, min(started_at) AS first_at, max(started_at) AS last_at,
    max(ingested_at) AS ingested_at
FROM spans
GROUP BY chain, dataset
ORDER BY chain, dataset <> 'production', dataset
