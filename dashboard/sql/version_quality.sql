-- Grades of each version of one component, by criterion: of all hours, or of those in $hours.
SELECT
    concat_ws(' · ',
        spans.chain_version,
        spans.component_version,
        'prompt ' || spans.prompt_version,
        'index ' || spans.index_version,
        spans.model
    ) AS version,
    grades.criterion,
    sum(grades.score) AS total,
    count(grades.score) AS n
FROM grades
JOIN spans ON spans.trace_id = grades.trace_id AND spans.span_id = grades.span_id
WHERE grades.chain = $chain AND grades.component = $component AND grades.dataset = 'production'
  AND grades.judge NOT IN ('safety', 'evidently')
  AND grades.span_started_at >= $start AND grades.span_started_at < $end
  AND ($hours IS NULL OR list_contains($hours, date_trunc('hour', grades.span_started_at)))
  AND spans.chain = $chain AND spans.component = $component
  AND spans.started_at >= $start AND spans.started_at < $end
GROUP BY version, grades.criterion
