-- The days whose estimates are due: those of [$start, $end), as whole days, that have a judge's grades or a draw
-- for labels, for their local scores may be new; and days of labels that came since the last good run began.
WITH bounds AS (
    SELECT date_trunc('day', $start AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS first_at,
        (SELECT max(started_at) FROM monitor_runs WHERE status = 'ok') AS looked_at
)
SELECT DISTINCT (span_started_at AT TIME ZONE 'UTC')::DATE AS day
FROM grades, bounds
WHERE judge_kind <> 'local' AND dataset = $dataset AND span_started_at >= first_at AND span_started_at < $end
UNION
SELECT (span_started_at AT TIME ZONE 'UTC')::DATE
FROM drawn_spans, bounds
WHERE purpose = 'label' AND dataset = $dataset AND span_started_at >= first_at AND span_started_at < $end
UNION
SELECT (d.span_started_at AT TIME ZONE 'UTC')::DATE
FROM annotations a
JOIN drawn_spans d ON d.trace_id = a.trace_id AND d.span_id = a.span_id AND d.drawn_for = a.name
CROSS JOIN bounds
WHERE a.author_kind = 'human' AND a.score IS NOT NULL AND d.purpose = 'label' AND d.dataset = $dataset
    AND a.ingested_at >= coalesce(looked_at, a.ingested_at)
ORDER BY day
