-- The spans of a time range that can be judged, each with its question and its documents.
-- Documents: the span's own, else those of the last span of the trace that brought documents: before
-- the start of an LLM call, before the end of the application. Question: what the head of the trace was
-- asked for answers (an LLM's own input is a whole prompt), the own input for a retriever or reranker.
-- $start and $end bound started_at; traces are followed $reach beyond. NULL means all for the rest;
-- $keys is a list of 'trace_id/span_id'.
WITH judged AS (
    SELECT
        trace_id, span_id, chain, component, kind, started_at, dataset, input_text, output_text,
        documents, reference_text, environment, chain_version, component_version, prompt_version, index_version, model,
        TRY_CAST(json_extract(attributes, '$.reference_context_ids') AS VARCHAR[]) AS reference_ids,
        TRY_CAST(json_extract(attributes, '$.reference_contexts') AS VARCHAR[]) AS reference_contexts,
        parent_span_id IS NULL AS is_application,
        CASE WHEN parent_span_id IS NULL THEN coalesce(ended_at, started_at) ELSE started_at END AS reads_until
    FROM spans
    WHERE started_at >= $start AND started_at < $end
        AND ($any_kind OR kind IN ('llm', 'retriever', 'reranker') OR parent_span_id IS NULL)
        AND ($dataset::VARCHAR IS NULL OR dataset = $dataset)
        AND ($chain::VARCHAR IS NULL OR chain = $chain)
        AND ($components::VARCHAR[] IS NULL OR list_contains($components, component))
        AND (
            $keys::VARCHAR[] IS NULL
            OR trace_id || '/' || span_id IN (SELECT unnest($keys::VARCHAR[]))
        )
),
mates AS (
    SELECT trace_id, parent_span_id, started_at, input_text, documents
    FROM spans
    WHERE started_at >= $start - $reach::INTERVAL AND started_at < $end + $reach::INTERVAL
        AND trace_id IN (SELECT trace_id FROM judged)
),
heads AS (
    SELECT trace_id, arg_min(input_text, started_at) AS question
    FROM mates
    WHERE parent_span_id IS NULL
    GROUP BY trace_id
),
sources AS (
    SELECT trace_id, started_at, documents FROM mates WHERE len(documents) > 0
)
SELECT
    j.trace_id, j.span_id, j.chain, j.component, j.kind, j.started_at, j.dataset,
    CASE WHEN j.kind IN ('retriever', 'reranker') THEN j.input_text
        ELSE coalesce(h.question, j.input_text) END AS question,
    j.output_text AS answer,
    j.input_text,
    CASE WHEN len(j.documents) > 0 THEN j.documents ELSE s.documents END AS documents,
    j.reference_text, j.reference_ids, j.reference_contexts, j.is_application,
    j.environment, j.chain_version, j.component_version, j.prompt_version, j.index_version, j.model
FROM judged j
LEFT JOIN heads h ON h.trace_id = j.trace_id
ASOF LEFT JOIN sources s ON j.trace_id = s.trace_id AND j.reads_until >= s.started_at
ORDER BY j.started_at, j.trace_id, j.span_id
