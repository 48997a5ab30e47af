-- The chain as the spans of the range show it: what is drawn before the first monitor run.
WITH seen AS (
    SELECT trace_id, span_id, parent_span_id, component, kind, started_at
    FROM spans
    WHERE chain = $chain AND dataset = 'production' AND started_at >= $start AND started_at < $end
),
newest AS (
    SELECT trace_id FROM seen GROUP BY trace_id ORDER BY max(started_at) DESC LIMIT 200
),
placed AS (
    SELECT
        seen.component,
        seen.kind,
        seen.parent_span_id IS NULL AS is_root,
        parent.component AS parent_component,
        row_number() OVER (PARTITION BY seen.trace_id ORDER BY seen.started_at, seen.span_id) - 1 AS place,
        seen.started_at
    FROM seen
    JOIN newest USING (trace_id)
    LEFT JOIN seen parent ON parent.trace_id = seen.trace_id AND parent.span_id = seen.parent_span_id
)
SELECT
    component,
    mode(kind) AS kind,
    bool_or(is_root) AS is_application,
    mode(parent_component) AS parent_component,
    CAST(round(median(place)) AS INTEGER) AS position,
    max(started_at) AS last_seen_at
FROM placed
GROUP BY component
ORDER BY is_application DESC, position, component
