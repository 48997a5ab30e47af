-- The components of a stretch of time: what kind each is, who calls it, and when it starts in a trace.
WITH steps AS (
    SELECT chain, component, kind, trace_id, span_id, parent_span_id, started_at
    FROM spans
    WHERE started_at >= $start AND started_at < $end AND dataset = 'production'
),
placed AS (
    SELECT
        s.*, p.component AS parent_component,
        row_number() OVER (PARTITION BY s.trace_id ORDER BY s.started_at, s.parent_span_id NULLS FIRST) AS place
    FROM steps s
    LEFT JOIN steps p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id
)
SELECT
    chain, component,
    mode(kind) AS kind,
    count(*) FILTER (parent_span_id IS NULL) * 2 > count(*) AS is_application,
    mode(parent_component) FILTER (parent_component <> component) AS parent_component,
    avg(place) AS place,
    min(started_at) AS first_seen_at,
    max(started_at) AS last_seen_at
FROM placed
GROUP BY chain, component
ORDER BY chain, is_application DESC, place, component
