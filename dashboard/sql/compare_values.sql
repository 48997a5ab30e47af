-- A sample of one side's durations and lengths, for the shape of their distributions: about one span in $one_in.
SELECT duration_s, coalesce(output_tokens::DOUBLE, length(output_text)::DOUBLE / 4) AS output_tokens
FROM spans
WHERE chain = $chain AND component = $component AND dataset = $dataset
  AND started_at >= $start AND started_at < $end
  AND ($version IS NULL OR $version IN (chain_version, component_version, prompt_version, index_version, model))
  AND ($model IS NULL OR model = $model)
  AND ($environment IS NULL OR environment = $environment)
  AND hash(span_id) % $one_in = 0
ORDER BY hash(span_id)
LIMIT $limit
