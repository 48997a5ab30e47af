-- What the stretches of `version_sets` are rolled up as.
CREATE OR REPLACE TEMP TABLE kept_sets AS
SELECT
    set_id, $level_s AS level_s, bucket, dataset, chain, component, kept_environment AS environment,
    kept_chain_version AS chain_version, kept_component_version AS component_version,
    kept_prompt_version AS prompt_version, kept_index_version AS index_version, kept_model AS model,
    sum(spans)::BIGINT AS spans, sum(errors)::BIGINT AS errors, min(first_at) AS first_at, max(last_at) AS last_at
FROM version_sets
GROUP BY ALL
