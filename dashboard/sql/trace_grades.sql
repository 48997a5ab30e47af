SELECT span_id, judge, judge_kind, rubric, criterion, status, score, reason, rationale, graded_at
FROM grades
WHERE trace_id = $trace_id AND span_started_at >= $first AND span_started_at <= $last
ORDER BY span_id, criterion
LIMIT 500
