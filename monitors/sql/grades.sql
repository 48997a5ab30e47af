-- Grades that others than the local scorer gave to the spans of a stretch of time. A rubric's words are a part of
-- the version: what was graded by other words is another series.
SELECT
    trace_id, span_id, chain, component, span_started_at, judge,
    concat_ws('/', judge_version, rubric, rubric_version) AS judge_version, criterion, score
FROM grades
WHERE span_started_at >= $start AND span_started_at < $end AND dataset = $dataset
    AND judge_kind <> 'local'
ORDER BY span_started_at, grade_id
