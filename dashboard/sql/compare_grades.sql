-- Grades of one side, by judge and criterion.
SELECT
    judge || ' ' || criterion AS measure, count(score) AS n, avg(score) AS mean,
    stddev_samp(score) AS spread, quantile_cont(score, 0.5) AS p50, quantile_cont(score, 0.95) AS p95
FROM grades
WHERE chain = $chain AND component = $component AND dataset = $dataset AND score IS NOT NULL
  AND span_started_at >= $start AND span_started_at < $end
  AND ($version IS NULL
    OR $version IN (chain_version, component_version, prompt_version, index_version, model))
  AND ($model IS NULL OR model = $model)
  AND ($environment IS NULL OR environment = $environment)
GROUP BY measure
