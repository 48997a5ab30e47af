-- Which judge graded this chain by which rubric, and when: a changed word of a rubric is a new version.
SELECT
    rubric, rubric_version, judge, judge_version,
    min(graded_at) AS first_at, max(graded_at) AS last_at,
    count(DISTINCT (trace_id, span_id)) AS answers,
    avg(score) FILTER (criterion = 'overall') AS overall,
    count(*) FILTER (criterion = 'overall' AND status = 'unscored') AS unscored
FROM grades
WHERE chain = $chain AND judge_kind <> 'local'
GROUP BY rubric, rubric_version, judge, judge_version
ORDER BY last_at DESC, rubric, judge
LIMIT 50
