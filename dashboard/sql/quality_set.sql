-- What judges on this machine, LLM judges and people said of one component in the newest evaluation set, by series. The
-- machine's grades come from the sketch of the set. An LLM judge grades a set whenever somebody asks it to, so its
-- grades are counted where they are stored; of several versions or rubrics, those of the last.
WITH graded AS (
    SELECT
        dataset, field, split_part(basis, '/', 1) AS who, sum(total)::DOUBLE AS total,
        sum(list_sum(counts))::BIGINT AS n, max(window_end) AS until
    FROM number_sketches
    WHERE dataset <> 'production' AND chain = $chain AND component = $component
        AND starts_with(field, 'quality.') AND NOT contains(field, '@')
    GROUP BY dataset, field, who
    UNION ALL
    SELECT
        dataset, 'quality.' || criterion || '@' || judge, judge, sum(score), count(*), max(span_started_at)
    FROM grades
    WHERE dataset <> 'production' AND chain = $chain AND component = $component
        AND judge_kind <> 'local' AND status = 'graded'
    GROUP BY dataset, criterion, judge, judge_version, rubric, rubric_version
    QUALIFY row_number() OVER (PARTITION BY dataset, criterion, judge ORDER BY max(graded_at) DESC) = 1
    UNION ALL
    SELECT s.dataset, 'quality.' || a.name, 'people', sum(a.score), count(*), max(s.started_at)
    FROM annotations AS a
    JOIN spans AS s ON s.trace_id = a.trace_id AND s.span_id = a.span_id
    WHERE a.author_kind = 'human' AND a.score IS NOT NULL
        AND s.dataset <> 'production' AND s.chain = $chain AND s.component = $component
    GROUP BY s.dataset, a.name
)
SELECT dataset, field, who, total / n AS mean, n
FROM graded
WHERE n > 0 AND dataset = (SELECT dataset FROM graded ORDER BY until DESC, dataset DESC LIMIT 1)
ORDER BY field, who
