-- The contents of the spans in `touched` that are stored, with the text that each span has now.
SELECT
    c.trace_id, c.span_id, c.side, c.role, c.whole, c.at_ns, c.content_id, c.text, c.applied,
    s.started_at, s.input_text, s.output_text
FROM span_contents AS c
JOIN touched AS t ON t.trace_id = c.trace_id AND t.span_id = c.span_id
JOIN spans AS s ON s.trace_id = c.trace_id AND s.span_id = c.span_id
WHERE c.side IN ('input', 'output')
    AND c.logged_at BETWEEN $low AND $high
    AND s.started_at BETWEEN $low AND $high
ORDER BY c.at_ns, c.content_id
