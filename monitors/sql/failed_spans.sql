-- The latest spans of a component that failed, one of each kind of error first.
SELECT
    trace_id, span_id, error_type, left(coalesce(output_text, input_text), $max_characters) AS text
FROM spans
WHERE started_at >= $start AND started_at < $end AND dataset = 'production'
    AND chain = $chain AND component = $component AND status = 'error'
ORDER BY
    row_number() OVER (PARTITION BY error_type ORDER BY started_at DESC, span_id), started_at DESC, span_id
LIMIT $most
