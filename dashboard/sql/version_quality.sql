-- Mean grade of each version of one component, by criterion.
SELECT
    concat_ws(' · ',
        spans.chain_version,
        spans.component_version,
        'prompt ' || spans.prompt_version,
        'index ' || spans.index_version,
        spans.model
    ) AS version,
    grades.criterion,
    avg(grades.score) AS mean
FROM grades
JOIN spans ON spans.trace_id = grades.trace_id AND spans.span_id = grades.span_id
WHERE grades.chain = $chain AND grades.component = $component AND grades.dataset = 'production'
  AND grades.judge NOT IN ('safety', 'evidently')
  AND grades.span_started_at >= $start AND grades.span_started_at < $end
  AND spans.chain = $chain AND spans.component = $component
  AND spans.started_at >= $start AND spans.started_at < $end
GROUP BY version, grades.criterion
