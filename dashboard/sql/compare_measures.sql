-- Every number of one side: how many spans have it, its mean and spread, its middle and its 95th percentile.
WITH side AS (
    SELECT
        (status = 'error')::INTEGER::DOUBLE AS error_rate,
        duration_s, time_to_first_token_s, cost_usd,
        input_tokens::DOUBLE AS input_tokens, output_tokens::DOUBLE AS output_tokens,
        length(input_text)::DOUBLE AS input_characters, length(output_text)::DOUBLE AS output_characters,
        len(documents)::DOUBLE AS documents
    FROM spans
    WHERE chain = $chain AND component = $component AND dataset = $dataset
      AND started_at >= $start AND started_at < $end
      AND ($version IS NULL OR $version IN (chain_version, component_version, prompt_version, index_version, model))
      AND ($model IS NULL OR model = $model)
      AND ($environment IS NULL OR environment = $environment)
)
SELECT
    measure, count(value) AS n, avg(value) AS mean, stddev_samp(value) AS spread,
    quantile_cont(value, 0.5) AS p50, quantile_cont(value, 0.95) AS p95
FROM (UNPIVOT side ON * INTO NAME measure VALUE value)
GROUP BY measure
