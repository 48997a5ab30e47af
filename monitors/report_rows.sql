-- A seeded sample of one component's spans: what Evidently compares. The keys are drawn first, so that
-- the texts of ten million spans are not carried through the sort.
WITH drawn AS (
    SELECT trace_id, span_id
    FROM spans
    WHERE started_at >= $start AND started_at < $end
        AND component = $component AND dataset = $dataset
        AND ($chain::VARCHAR IS NULL OR chain = $chain)
        AND ($version::VARCHAR IS NULL OR $version IN (chain_version, component_version, prompt_version, index_version, model))
        AND ($model::VARCHAR IS NULL OR model = $model)
        AND ($environment::VARCHAR IS NULL OR environment = $environment)
    ORDER BY md5($seed::VARCHAR || '/' || trace_id || '/' || span_id)
    LIMIT $limit
),
graded AS (
    SELECT trace_id, span_id, map_from_entries(list((judge || ' ' || criterion, score))) AS scores
    FROM (
        SELECT trace_id, span_id, judge, criterion, arg_max(score, graded_at) AS score
        FROM grades
        WHERE span_started_at >= $start AND span_started_at < $end
            AND component = $component AND status = 'graded'
        GROUP BY ALL
    )
    GROUP BY ALL
)
SELECT
    s.input_text, s.output_text, s.input_tokens, s.output_tokens, s.duration_s, s.time_to_first_token_s,
    s.cost_usd, len(s.documents) AS documents, s.status, s.error_type, s.model, s.chain_version,
    s.component_version, s.prompt_version, s.index_version, g.scores
FROM spans s
SEMI JOIN drawn USING (trace_id, span_id)
LEFT JOIN graded g USING (trace_id, span_id)
WHERE s.started_at >= $start AND s.started_at < $end
ORDER BY s.started_at, s.trace_id, s.span_id
