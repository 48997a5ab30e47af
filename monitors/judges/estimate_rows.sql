-- What is known of one criterion of the answers of [$start, $end): people's labels, the judge's grades and the
-- local scores, each with the chance that an answer had of getting one. Answers of which nothing is known are
-- counted and not listed. Labels and grades that were not drawn by chance have no chance and are left out.
-- The judge is the one (or the ensemble) with the most drawn grades of the criterion, by the rubric that it gave
-- most of them by: the rubric is a part of its version, for two may share the name of a criterion. The local score is the criterion's own, else
-- groundedness, relevance or retrieval relevance, for it need only move with the label.
WITH answers AS (
    SELECT
        trace_id, span_id, chain, component, coalesce(component_version, chain_version, '') AS version,
        date_trunc('hour', started_at) AS hour
    FROM spans
    WHERE started_at >= $start AND started_at < $end AND dataset = $dataset
        AND (coalesce(output_text, '') <> '' OR len(documents) > 0)
),
graded AS (
    SELECT *
    FROM grades
    WHERE span_started_at >= $start AND span_started_at < $end AND dataset = $dataset AND status = 'graded'
),
local AS (
    SELECT
        trace_id, span_id,
        coalesce(
            max(score) FILTER (criterion = $criterion),
            max(score) FILTER (criterion = 'groundedness'),
            max(score) FILTER (criterion = 'relevance'),
            max(score) FILTER (criterion = 'retrieval_relevance')
        ) AS local
    FROM graded WHERE judge_kind = 'local' GROUP BY trace_id, span_id
),
main_judge AS (
    SELECT judge, judge_version, rubric, rubric_version
    FROM graded
    WHERE judge_kind <> 'local' AND criterion = $criterion
        AND concat_ws('/', judge, judge_version, rubric, rubric_version) IN (
            SELECT drawn_for FROM drawn_spans
            WHERE purpose = 'judge' AND span_started_at >= $start AND span_started_at < $end)
    GROUP BY ALL ORDER BY count(*) DESC, max(graded_at) DESC, judge, judge_version LIMIT 1
),
judged AS (
    SELECT
        g.trace_id, g.span_id, g.score AS judged, d.probability AS judged_probability, g.judge,
        d.drawn_for[length(g.judge) + 2:] AS judge_version
    FROM graded g
    JOIN main_judge USING (judge, judge_version, rubric, rubric_version)
    JOIN drawn_spans d ON d.trace_id = g.trace_id AND d.span_id = g.span_id AND d.purpose = 'judge'
        AND d.drawn_for = concat_ws('/', g.judge, g.judge_version, g.rubric, g.rubric_version)
    WHERE g.criterion = $criterion AND d.probability IS NOT NULL
),
labelled AS (
    SELECT a.trace_id, a.span_id, avg(a.score) AS label, any_value(d.probability) AS label_probability
    FROM annotations a
    JOIN drawn_spans d ON d.trace_id = a.trace_id AND d.span_id = a.span_id AND d.purpose = 'label'
        AND d.drawn_for = $criterion
    WHERE a.author_kind = 'human' AND a.name = $criterion AND a.score IS NOT NULL AND d.probability IS NOT NULL
        AND d.span_started_at >= $start AND d.span_started_at < $end
    GROUP BY a.trace_id, a.span_id
),
everything AS (
    SELECT
        a.*, l.local, j.judged, j.judged_probability, j.judge, j.judge_version, p.label, p.label_probability,
        count(*) OVER (PARTITION BY chain, component, version) AS answers,
        count(l.local) OVER same_hour / count(*) OVER same_hour AS local_probability
    FROM answers a
    LEFT JOIN local l USING (trace_id, span_id)
    LEFT JOIN judged j USING (trace_id, span_id)
    LEFT JOIN labelled p USING (trace_id, span_id)
    WINDOW same_hour AS (PARTITION BY chain, component, version, hour)
)
SELECT * EXCLUDE (hour, trace_id, span_id)
FROM everything
WHERE local IS NOT NULL OR judged IS NOT NULL OR label IS NOT NULL
ORDER BY chain, component, version, trace_id, span_id
