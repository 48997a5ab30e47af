-- The spans of the hours in `left_out`, which lie between $low and $high; count_in_bins.sql follows.
WITH numbers_in AS (
    SELECT
        component, environment, chain_version, component_version, prompt_version, index_version, model,
        floor((epoch(started_at) - epoch(CAST($origin AS TIMESTAMPTZ))) / $step_s)::BIGINT AS place,
        duration_s, time_to_first_token_s, cost_usd, input_tokens, output_tokens, input_characters, output_characters,
        documents
    FROM span_measures
    WHERE chain = $chain AND dataset = $dataset
        AND started_at >= $low AND started_at < $high AND started_at >= $start AND started_at < $end
        AND date_trunc('hour', started_at) IN (SELECT bucket FROM left_out)
        AND ($component IS NULL OR component = $component)
        AND ($version IS NULL OR coalesce(component_version, chain_version) = $version)
        AND ($model IS NULL OR model = $model)
        AND ($environment IS NULL OR environment = $environment)
        AND ($marker IS NULL
            OR $marker IN (chain_version, component_version, prompt_version, index_version, model))
)
