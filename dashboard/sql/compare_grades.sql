-- Grades of one version, model or environment, by judge and criterion: which only the spans say.
SELECT
    g.judge || ' ' || g.criterion AS measure, count(g.score) AS n, avg(g.score) AS mean,
    stddev_samp(g.score) AS spread, quantile_cont(g.score, 0.5) AS p50, quantile_cont(g.score, 0.95) AS p95
FROM grades g
JOIN spans s ON s.trace_id = g.trace_id AND s.span_id = g.span_id AND s.started_at = g.span_started_at
WHERE g.chain = $chain AND g.component = $component AND g.dataset = $dataset AND g.score IS NOT NULL
  AND g.span_started_at >= $start AND g.span_started_at < $end
  AND s.chain = $chain AND s.component = $component AND s.started_at >= $start AND s.started_at < $end
  AND ($version IS NULL OR $version IN (s.chain_version, s.component_version, s.prompt_version, s.index_version, s.model))
  AND ($model IS NULL OR s.model = $model)
  AND ($environment IS NULL OR s.environment = $environment)
GROUP BY measure
