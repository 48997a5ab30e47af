-- Grades of one version, model or environment between $low and $high, in hours of $mixed: only the spans say
-- which they are.
SELECT g.judge || ' ' || g.criterion AS measure, g.score
FROM grades AS g
JOIN spans AS s ON s.trace_id = g.trace_id AND s.span_id = g.span_id AND s.started_at = g.span_started_at
WHERE g.chain = $chain AND g.component = $component AND g.dataset = $dataset AND g.score IS NOT NULL
  AND g.span_started_at >= $low AND g.span_started_at < $high
  AND date_trunc('hour', g.span_started_at) IN (SELECT unnest(CAST($mixed AS TIMESTAMPTZ[])))
  AND s.chain = $chain AND s.component = $component AND s.started_at >= $low AND s.started_at < $high
  AND ($version IS NULL
    OR $version IN (s.chain_version, s.component_version, s.prompt_version, s.index_version, s.model))
  AND ($model IS NULL OR s.model = $model)
  AND ($environment IS NULL OR s.environment = $environment)
