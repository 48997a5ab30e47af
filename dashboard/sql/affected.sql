-- Traces that went through one component in a stretch of time, and how many of them failed there.
SELECT
    count(DISTINCT trace_id) AS traces,
    count(DISTINCT trace_id) FILTER (WHERE status = 'error') AS failed
FROM spans
WHERE chain = $chain AND component = $component AND dataset = 'production'
  AND started_at >= $start AND started_at < $end
