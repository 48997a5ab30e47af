-- Condition: what is said of production spans that started in [$low, $high). What is said of a whole trace goes
-- with the trace's first span.
(trace_id, span_id) IN (
    SELECT trace_id, span_id FROM spans
    WHERE started_at >= $low AND started_at < $high AND dataset = 'production'
)
OR span_id IS NULL AND trace_id IN (
    SELECT trace_id FROM spans
    WHERE started_at >= $low AND started_at < $high AND dataset = 'production' AND parent_span_id IS NULL
)
