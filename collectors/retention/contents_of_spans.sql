-- Condition: log contents of production spans that started in [$low, $high); they were logged while the span ran.
logged_at >= $low - INTERVAL 1 DAY AND logged_at < $high + INTERVAL 1 DAY
AND (trace_id, span_id) IN (
    SELECT trace_id, span_id FROM spans
    WHERE started_at >= $low AND started_at < $high AND dataset = 'production'
)
