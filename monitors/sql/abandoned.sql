-- The sessions (else users) that ended in a stretch of time: after the last request of the application nothing was
-- asked for $idle. With that last answer, to see whether it was a bad one; the end is told when $idle has passed.
-- A bounded, seeded sample of each window, and how many there were.
WITH asked AS (
    SELECT
        trace_id, span_id, chain, component, started_at, status, duration_s, output_text,
        lead(started_at) OVER (
            PARTITION BY chain, component, coalesce('s' || session_id, 'u' || user_id)
            ORDER BY started_at, trace_id, span_id
        ) AS next_at
    FROM spans
    WHERE dataset = $dataset AND parent_span_id IS NULL AND coalesce(session_id, user_id) IS NOT NULL
        AND started_at >= $start - $idle::INTERVAL AND started_at < $end
),
ended AS (
    SELECT
        *, epoch_us(started_at + $idle::INTERVAL) // $length_us AS bucket,
        md5($seed::VARCHAR || trace_id) AS lot
    FROM asked
    WHERE started_at < $end - $idle::INTERVAL
        AND (next_at IS NULL OR next_at > started_at + $idle::INTERVAL)
)
SELECT
    trace_id, span_id, chain, component, bucket, status = 'error' AS failed,
    coalesce(duration_s > $slow_s, false) AS slow, left(output_text, 2000) AS output_text,
    count(*) OVER (PARTITION BY chain, component, bucket) AS n_rows
FROM ended
QUALIFY row_number() OVER (PARTITION BY chain, component, bucket ORDER BY lot, span_id) <= $cap
ORDER BY chain, component, bucket, lot, span_id
