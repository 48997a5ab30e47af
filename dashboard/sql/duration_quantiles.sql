-- Durations of one component at some levels: of the range, and of the equally long one before it.
SELECT started_at >= $start AS is_current, quantile_cont(duration_s, $levels) AS found
FROM spans
WHERE chain = $chain AND dataset = 'production' AND component = $component
  AND started_at >= $previous_start AND started_at < $end
  AND ($environment IS NULL OR environment = $environment)
  AND ($version IS NULL
       OR $version IN (chain_version, component_version, prompt_version, index_version, model))
GROUP BY is_current
