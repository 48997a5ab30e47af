-- The answer that one person grades next: the one asked for by key; else one without any grade, in the order of
-- the draw; else one that only others have graded. What was put off comes last.
SELECT
    d.trace_id, d.span_id, d.span_started_at,
    max(a.score) FILTER (a.author = $author) AS score,
    max(a.comment) FILTER (a.author = $author) AS comment
FROM drawn_spans d
JOIN spans s ON s.trace_id = d.trace_id AND s.span_id = d.span_id AND s.started_at = d.span_started_at
LEFT JOIN annotations a ON a.trace_id = d.trace_id AND a.span_id = d.span_id AND a.name = d.drawn_for
    AND a.author_kind = 'human' AND a.score IS NOT NULL
WHERE d.purpose = 'label' AND d.drawn_for = $criterion AND d.chain = $chain AND d.component = $component
    AND (coalesce(s.output_text, '') <> '' OR len(s.documents) > 0)
    AND ($again::VARCHAR IS NULL OR d.trace_id || '/' || d.span_id = $again)
GROUP BY d.trace_id, d.span_id, d.span_started_at, d.drawn_at, d.place
HAVING $again::VARCHAR IS NOT NULL OR count(*) FILTER (a.author = $author) = 0
ORDER BY
    list_contains($later::VARCHAR[], d.trace_id || '/' || d.span_id), count(a.annotation_id) > 0,
    d.drawn_at, d.place, d.trace_id, d.span_id
LIMIT 1
