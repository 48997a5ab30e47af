-- The spans that labels are of, with the criteria that they were drawn for. A label without a span is of the
-- application's answer in its trace.
WITH wanted AS (
    SELECT DISTINCT unnest($traces::VARCHAR[]) AS trace_id, unnest($spans::VARCHAR[]) AS wanted
),
drawn AS (
    SELECT trace_id, span_id, list(drawn_for) AS drawn_for
    FROM drawn_spans
    WHERE purpose = 'label' AND trace_id IN (SELECT trace_id FROM wanted)
    GROUP BY trace_id, span_id
)
SELECT w.trace_id, w.wanted, s.span_id, s.started_at, d.drawn_for
FROM wanted w
JOIN spans s ON s.trace_id = w.trace_id
    AND CASE WHEN w.wanted IS NULL THEN s.parent_span_id IS NULL ELSE s.span_id = w.wanted END
LEFT JOIN drawn d ON d.trace_id = s.trace_id AND d.span_id = s.span_id
