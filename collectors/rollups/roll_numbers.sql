-- The numbers of the spans between $low and $high; of_sets.sql and count_in_bins.sql follow.
WITH members AS (
    SELECT
        date_trunc('hour', started_at) AS stretch, dataset, chain, component, environment, chain_version,
        component_version, prompt_version, index_version, model, duration_s, time_to_first_token_s, cost_usd,
        input_tokens, output_tokens, input_characters, output_characters, documents
    FROM span_measures
    WHERE started_at >= $low AND started_at < $high
)
