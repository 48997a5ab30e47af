-- Which tools each component called: the spans of tools, by the component that is their parent. A bounded,
-- seeded sample of each component and window, and how many calls there were.
WITH calls AS (
    SELECT
        s.chain, p.component, epoch_us(s.started_at) // $length_us AS bucket,
        md5($seed::VARCHAR || s.trace_id) AS lot, s.trace_id, s.span_id, left(s.component, $longest) AS tool
    FROM spans s
    JOIN spans p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id AND p.chain = s.chain
    WHERE s.kind = 'tool' AND s.started_at >= $start AND s.started_at < $end AND s.dataset = $dataset
        -- A call is not begun long after its caller: the bound keeps the join small.
        AND p.started_at >= $start - INTERVAL 1 DAY AND p.started_at < $end AND p.dataset = $dataset
)
SELECT trace_id, span_id, chain, component, bucket, tool, count(*) OVER place AS n_tool
FROM calls
WINDOW place AS (PARTITION BY chain, component, bucket)
QUALIFY row_number() OVER (PARTITION BY chain, component, bucket ORDER BY lot, span_id) <= $cap
ORDER BY chain, component, bucket, lot, span_id
