-- The numbers of the spans of `version_sets`, which lie between $low and $high; count_in_bins.sql follows.
WITH spans_in AS (
    SELECT
        v.set_id, m.duration_s, m.time_to_first_token_s, m.cost_usd, m.input_tokens, m.output_tokens,
        m.input_characters, m.output_characters, m.documents
    FROM span_measures AS m
    JOIN version_sets AS v
        ON v.bucket = date_trunc('hour', m.started_at) AND v.dataset = m.dataset AND v.chain = m.chain
        AND v.component = m.component
        AND v.environment IS NOT DISTINCT FROM m.environment
        AND v.chain_version IS NOT DISTINCT FROM m.chain_version
        AND v.component_version IS NOT DISTINCT FROM m.component_version
        AND v.prompt_version IS NOT DISTINCT FROM m.prompt_version
        AND v.index_version IS NOT DISTINCT FROM m.index_version
        AND v.model IS NOT DISTINCT FROM m.model
    WHERE m.started_at >= $low AND m.started_at < $high
)
