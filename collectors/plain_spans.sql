-- Lines of JSON that are plainly spans (plain_lines.py) as spans, a row each and in their order: of each value
-- what `make_span` makes of it, and `odd` where only `make_span` can tell.
WITH said AS (
    SELECT *
    FROM read_json(
        getvariable('plain_lines'),
        format = 'newline_delimited',
        maximum_object_size = 4194304,
        columns = {
            trace_id: 'VARCHAR', span_id: 'VARCHAR', parent_span_id: 'VARCHAR',
            chain: 'VARCHAR', component: 'VARCHAR', kind: 'VARCHAR', name: 'VARCHAR',
            started_at: 'TIMESTAMPTZ', ended_at: 'TIMESTAMPTZ', duration_s: 'DOUBLE',
            time_to_first_token_s: 'DOUBLE', status: 'VARCHAR', error_type: 'VARCHAR',
            input_text: 'VARCHAR', output_text: 'VARCHAR',
            documents: 'STRUCT(id VARCHAR, score DOUBLE, "text" VARCHAR, relevant BOOLEAN)[]',
            reference_text: 'VARCHAR', model: 'VARCHAR', provider: 'VARCHAR', environment: 'VARCHAR',
            chain_version: 'VARCHAR', component_version: 'VARCHAR', prompt_template: 'VARCHAR',
            prompt_version: 'VARCHAR', index_version: 'VARCHAR', parameters: 'JSON',
            input_tokens: 'BIGINT', output_tokens: 'BIGINT', cached_tokens: 'BIGINT', cost_usd: 'DOUBLE',
            user_id: 'VARCHAR', session_id: 'VARCHAR', dataset: 'VARCHAR', resource_use: 'JSON',
            attributes: 'JSON', exporter: 'VARCHAR'
        }
    )
),
named AS (
    SELECT * REPLACE (
        coalesce(nullif(component, ''), nullif(name, '')) AS component,
        coalesce(nullif(name, ''), nullif(component, '')) AS name,
        nullif(error_type, '') AS error_type
    )
    FROM said
)
SELECT
    trace_id,
    span_id,
    parent_span_id,
    coalesce(nullif(chain, ''), 'default') AS chain,
    component,
    coalesce(kind, 'other') AS kind,
    name,
    started_at,
    -- As Python adds a float of seconds: whole ones, and what is left rounded half to even.
    coalesce(
        ended_at,
        make_timestamptz(
            epoch_us(started_at) + trunc(duration_s)::BIGINT * 1000000
            + round_even((duration_s - trunc(duration_s)) * 1000000, 0)::BIGINT
        )
    ) AS ended_at,
    CASE
        WHEN duration_s IS NULL AND ended_at IS NOT NULL
            THEN greatest(epoch_us(ended_at) - epoch_us(started_at), 0) / 1000000
        ELSE duration_s
    END AS duration_s,
    time_to_first_token_s,
    coalesce(status, CASE WHEN error_type IS NOT NULL THEN 'error' ELSE 'unset' END) AS status,
    error_type,
    nullif(input_text, '') AS input_text,
    nullif(output_text, '') AS output_text,
    coalesce(documents, []) AS documents,
    nullif(reference_text, '') AS reference_text,
    nullif(model, '') AS model,
    nullif(provider, '') AS provider,
    nullif(environment, '') AS environment,
    nullif(chain_version, '') AS chain_version,
    nullif(component_version, '') AS component_version,
    nullif(prompt_template, '') AS prompt_template,
    nullif(prompt_version, '') AS prompt_version,
    nullif(index_version, '') AS index_version,
    parameters::VARCHAR AS parameters,
    input_tokens,
    output_tokens,
    cached_tokens,
    cost_usd,
    user_id,
    session_id,
    coalesce(nullif(dataset, ''), 'production') AS dataset,
    resource_use::VARCHAR AS resource_use,
    attributes::VARCHAR AS attributes,
    $source AS source,
    nullif(exporter, '') AS exporter,
    NULL::TIMESTAMPTZ AS ingested_at,
    coalesce(
        trace_id IS NULL OR span_id IS NULL OR component IS NULL OR started_at IS NULL
        OR greatest(
            strlen(trace_id), strlen(span_id), strlen(parent_span_id), strlen(user_id), strlen(session_id)
        ) > 512
        OR greatest(
            strlen(input_text), strlen(output_text), strlen(reference_text), strlen(prompt_template)
        ) > 1000000
        OR ended_at < started_at
        OR duration_s > 1e9,
        false
    ) AS odd
FROM named
