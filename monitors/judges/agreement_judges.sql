-- What each LLM judge said of every answer that two or more graded by the same rubric, by criterion: the newest
-- $most answers of each.
WITH told AS (
    SELECT criterion, trace_id, span_id, rubric_version, judge,
        arg_max(score, graded_at) AS score, max(graded_at) AS graded_at
    FROM grades
    WHERE judge_kind = 'llm' AND status = 'graded' AND criterion <> 'overall'
        AND ($chain::VARCHAR IS NULL OR chain = $chain)
    GROUP BY criterion, trace_id, span_id, rubric_version, judge
)
SELECT criterion, list(struct_pack(author := judge, score := score) ORDER BY judge) AS labels
FROM told
GROUP BY criterion, trace_id, span_id, rubric_version
HAVING count(*) > 1
QUALIFY row_number() OVER (PARTITION BY criterion ORDER BY max(graded_at) DESC, trace_id, span_id) <= $most
ORDER BY criterion, trace_id, span_id
