-- A seeded sample of the answers that this judge has not graded by this rubric yet:
-- the order is a digest of seed and span, so a larger sample contains the smaller one.
-- Grades that failed for the endpoint's sake are asked for again; refusals and unreadable replies are not.
-- $components NULL: the application's own spans.
WITH done AS (
    SELECT DISTINCT trace_id, span_id
    FROM grades
    WHERE span_started_at >= $start AND span_started_at < $end
        AND judge = $judge AND judge_version = $judge_version
        AND rubric = $rubric AND rubric_version = $rubric_version
        AND (status = 'graded' OR NOT starts_with(coalesce(reason, ''), $again))
),
eligible AS (
    SELECT trace_id, span_id
    FROM spans
    WHERE started_at >= $start AND started_at < $end
        AND dataset = $dataset
        AND coalesce(output_text, '') <> ''
        AND CASE WHEN $components::VARCHAR[] IS NULL THEN parent_span_id IS NULL
            ELSE list_contains($components, component) END
)
SELECT trace_id || '/' || span_id AS key, count(*) OVER () AS eligible
FROM eligible
ANTI JOIN done USING (trace_id, span_id)
ORDER BY md5($seed::VARCHAR || '/' || trace_id || '/' || span_id)
LIMIT $limit
