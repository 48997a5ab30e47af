-- What the roots of these traces were asked, or else their first spans.
SELECT
    trace_id,
    arg_min(coalesce(input_text, ''), epoch_us(started_at) + if(parent_span_id IS NULL, 0, 1::BIGINT << 60)) AS input_text
FROM spans
WHERE trace_id IN (SELECT unnest($trace_ids)) AND started_at >= $first AND started_at <= $last
GROUP BY trace_id
