-- The newest inputs and outputs of one component.
SELECT trace_id, span_id, started_at, status, error_type, duration_s, input_text, output_text,
       len(documents) AS documents, component_version, model
FROM spans
WHERE chain = $chain AND component = $component AND dataset = 'production'
  AND started_at >= $start AND started_at < $end
  AND ($environment IS NULL OR environment = $environment)
  AND ($version IS NULL
       OR $version IN (chain_version, component_version, prompt_version, index_version, model))
ORDER BY started_at DESC
LIMIT $limit
