-- Of the requests of the application in a stretch of time, those of a known session (else user), and whether each asks
-- again what the one before it asked, less than $within earlier. The key of a retry is that of the answer that did not do.
-- A bounded, seeded sample of each window, and how many there were.
WITH asked AS (
    SELECT
        trace_id, span_id, chain, component, started_at,
        coalesce('s' || session_id, 'u' || user_id) AS who,
        list_distinct(list_filter(
            string_split_regex(lower(left(input_text, 2000)), '[^\p{L}\p{N}]+'), lambda word: word <> ''
        )) AS words
    FROM spans
    WHERE dataset = $dataset AND parent_span_id IS NULL AND input_text IS NOT NULL
        AND coalesce(session_id, user_id) IS NOT NULL
        AND started_at >= $start - $within::INTERVAL AND started_at < $end
),
beside AS (
    SELECT
        *, lag(words) OVER earlier AS words_before, lag(started_at) OVER earlier AS before_at,
        lag(trace_id) OVER earlier AS trace_before, lag(span_id) OVER earlier AS span_before
    FROM asked
    WINDOW earlier AS (PARTITION BY chain, component, who ORDER BY started_at, trace_id, span_id)
),
told AS (
    SELECT
        *, epoch_us(started_at) // $length_us AS bucket, md5($seed::VARCHAR || trace_id) AS lot,
        coalesce(
            started_at - before_at <= $within::INTERVAL AND len(words) > 0
            AND len(list_intersect(words, words_before))
                >= $likeness * len(list_distinct(list_concat(words, words_before))),
            false
        ) AS again
    FROM beside
    WHERE started_at >= $start
)
SELECT
    CASE WHEN again THEN trace_before ELSE trace_id END AS trace_id,
    CASE WHEN again THEN span_before ELSE span_id END AS span_id,
    chain, component, bucket, again::DOUBLE AS value,
    count(*) OVER (PARTITION BY chain, component, bucket) AS n_rows
FROM told
QUALIFY row_number() OVER (PARTITION BY chain, component, bucket ORDER BY lot, span_id) <= $cap
ORDER BY chain, component, bucket, lot, span_id
