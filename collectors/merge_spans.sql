-- Stored spans and rows of `parts` that are parts of the same span, as one row each: table `merged`, with `row`,
-- where the stored part is. The rule is that of merging.py: the finished part wins, of two unfinished ones the
-- one that says more; what the winner does not know stays as the other has it. `old` is the stored row.
CREATE OR REPLACE TEMP TABLE merged AS
WITH pairs AS (
    SELECT old.rowid AS row, old, new
    FROM spans AS old
    JOIN parts AS new ON old.trace_id = new.trace_id AND old.span_id = new.span_id
    WHERE old.started_at BETWEEN $low AND $high
),
ranked AS (
    SELECT
        *,
        CASE
            WHEN old.ended_at IS NOT NULL OR old.duration_s IS NOT NULL THEN true
            WHEN new.ended_at IS NOT NULL OR new.duration_s IS NOT NULL THEN false
            ELSE (
                coalesce(length(old.input_text), 0) + coalesce(length(old.output_text), 0)
                    + coalesce(length(old.attributes::VARCHAR), 0),
                coalesce(old.output_text, ''), coalesce(old.input_text, ''),
                coalesce(old.attributes::VARCHAR, ''), old.name, old.component
            ) >= (
                coalesce(length(new.input_text), 0) + coalesce(length(new.output_text), 0)
                    + coalesce(length(new.attributes::VARCHAR), 0),
                coalesce(new.output_text, ''), coalesce(new.input_text, ''),
                coalesce(new.attributes::VARCHAR, ''), new.name, new.component
            )
        END AS old_wins
    FROM pairs
),
sides AS (
    SELECT row, old, CASE WHEN old_wins THEN old ELSE new END AS w, CASE WHEN old_wins THEN new ELSE old END AS l
    FROM ranked
),
joined AS (
    SELECT
        row,
        old,
        w.trace_id AS trace_id,
        w.span_id AS span_id,
        coalesce(w.parent_span_id, l.parent_span_id) AS parent_span_id,
        -- What a part calls 'default', 'other', 'unset' or 'production' it does not know.
        CASE WHEN w.chain = 'default' THEN l.chain ELSE w.chain END AS chain,
        w.component AS component,
        CASE WHEN w.kind = 'other' THEN l.kind ELSE w.kind END AS kind,
        w.name AS name,
        least(w.started_at, l.started_at) AS started_at,
        coalesce(w.ended_at, l.ended_at) AS ended_at,
        coalesce(w.duration_s, l.duration_s) AS duration_s,
        coalesce(w.time_to_first_token_s, l.time_to_first_token_s) AS time_to_first_token_s,
        CASE WHEN w.status = 'unset' THEN l.status ELSE w.status END AS status,
        coalesce(w.error_type, l.error_type) AS error_type,
        coalesce(w.input_text, l.input_text) AS input_text,
        coalesce(w.output_text, l.output_text) AS output_text,
        CASE WHEN coalesce(len(w.documents), 0) = 0 THEN l.documents ELSE w.documents END AS documents,
        coalesce(w.reference_text, l.reference_text) AS reference_text,
        coalesce(w.model, l.model) AS model,
        coalesce(w.provider, l.provider) AS provider,
        coalesce(w.environment, l.environment) AS environment,
        coalesce(w.chain_version, l.chain_version) AS chain_version,
        coalesce(w.component_version, l.component_version) AS component_version,
        coalesce(w.prompt_template, l.prompt_template) AS prompt_template,
        coalesce(w.prompt_version, l.prompt_version) AS prompt_version,
        coalesce(w.index_version, l.index_version) AS index_version,
        -- A JSON object takes only the keys that the winner's lacks: without any it stays as it is written.
        CASE WHEN w.parameters IS NULL THEN l.parameters
            WHEN list_has_all(json_keys(w.parameters), coalesce(json_keys(l.parameters), [])) THEN w.parameters
            ELSE json_merge_patch(l.parameters, w.parameters) END AS parameters,
        coalesce(w.input_tokens, l.input_tokens) AS input_tokens,
        coalesce(w.output_tokens, l.output_tokens) AS output_tokens,
        coalesce(w.cached_tokens, l.cached_tokens) AS cached_tokens,
        coalesce(w.cost_usd, l.cost_usd) AS cost_usd,
        coalesce(w.user_id, l.user_id) AS user_id,
        coalesce(w.session_id, l.session_id) AS session_id,
        CASE WHEN w.dataset = 'production' THEN l.dataset ELSE w.dataset END AS dataset,
        CASE WHEN w.resource_use IS NULL THEN l.resource_use
            WHEN list_has_all(json_keys(w.resource_use), coalesce(json_keys(l.resource_use), []))
                THEN w.resource_use
            ELSE json_merge_patch(l.resource_use, w.resource_use) END AS resource_use,
        CASE WHEN w.attributes IS NULL THEN l.attributes
            WHEN list_has_all(json_keys(w.attributes), coalesce(json_keys(l.attributes), [])) THEN w.attributes
            ELSE json_merge_patch(l.attributes, w.attributes) END AS attributes,
        w.source AS source,
        coalesce(w.exporter, l.exporter) AS exporter
    FROM sides
)
SELECT
    *,
    -- The clock may have stepped back: a row that changed must not look as if it had not.
    greatest($now::TIMESTAMPTZ, old.ingested_at + INTERVAL 1 MICROSECOND) AS ingested_at
FROM joined
