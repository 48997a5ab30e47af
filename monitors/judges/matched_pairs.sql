-- Answers of two sides to the same question, drawn by chance: one pair a question and component. A side is a data
-- set and, where given, a model, a version and a prompt. The question is what the head of the trace was asked, case and
-- blanks aside. Where a side answered a question several times, chance picks one. $components NULL: the
-- application's answers. Pairs that this judge has compared in both orders are left out.
WITH done AS (
    SELECT trace_id, span_id, other_trace_id, other_span_id
    FROM pairwise_verdicts
    WHERE judge = $judge AND judge_version = $judge_version AND rubric = $rubric AND rubric_version = $rubric_version
        AND NOT starts_with(coalesce(reason, ''), $again)
),
answers AS (
    SELECT
        trace_id, span_id, chain, component, started_at, dataset,
        dataset = $a_dataset AND ($a_model::VARCHAR IS NULL OR model = $a_model)
            AND ($a_version::VARCHAR IS NULL OR coalesce(component_version, chain_version) = $a_version)
            AND ($a_prompt::VARCHAR IS NULL OR prompt_version = $a_prompt) AS is_a,
        dataset = $b_dataset AND ($b_model::VARCHAR IS NULL OR model = $b_model)
            AND ($b_version::VARCHAR IS NULL OR coalesce(component_version, chain_version) = $b_version)
            AND ($b_prompt::VARCHAR IS NULL OR prompt_version = $b_prompt) AS is_b
    FROM spans
    WHERE started_at >= $start AND started_at < $end AND coalesce(output_text, '') <> ''
        AND CASE WHEN $components::VARCHAR[] IS NULL THEN parent_span_id IS NULL
            ELSE list_contains($components, component) END
),
heads AS (
    SELECT trace_id, arg_min(input_text, started_at) AS asked
    FROM spans
    WHERE parent_span_id IS NULL AND trace_id IN (SELECT trace_id FROM answers WHERE is_a OR is_b)
    GROUP BY trace_id
),
asked AS (
    SELECT
        a.*, regexp_replace(lower(trim(h.asked)), '\s+', ' ', 'g') AS question,
        md5($seed::VARCHAR || '/' || a.trace_id || '/' || a.span_id) AS luck
    FROM answers a
    JOIN heads h USING (trace_id)
    WHERE (is_a OR is_b) AND trim(coalesce(h.asked, '')) <> ''
),
first_side AS (
    SELECT * FROM asked WHERE is_a
    QUALIFY row_number() OVER (PARTITION BY chain, component, question ORDER BY luck) = 1
),
second_side AS (
    SELECT * FROM asked WHERE is_b
    QUALIFY row_number() OVER (PARTITION BY chain, component, question ORDER BY luck) = 1
)
SELECT
    a.trace_id, a.span_id, a.started_at, a.dataset,
    b.trace_id AS other_trace_id, b.span_id AS other_span_id, b.started_at AS other_started_at,
    b.dataset AS other_dataset,
    count(*) OVER () AS matched
FROM first_side a
JOIN second_side b USING (chain, component, question)
ANTI JOIN done d ON d.trace_id = a.trace_id AND d.span_id = a.span_id
    AND d.other_trace_id = b.trace_id AND d.other_span_id = b.span_id
WHERE (a.trace_id, a.span_id) <> (b.trace_id, b.span_id)
ORDER BY md5(a.luck || b.luck)
LIMIT $limit
