-- The numbers of a bounded, seeded sample of the spans of each component in each window.
-- Windows are counted from the epoch in steps of $length_us. Token counts that are not sent are NULL;
-- the lengths of the texts stand beside them. Failed spans count as errors; what they put out is no length.
WITH spans_in AS (
    SELECT
        chain, component, epoch_us(started_at) // $length_us AS bucket,
        md5($seed::VARCHAR || trace_id) AS lot, trace_id, span_id,
        duration_s, time_to_first_token_s,
        CASE WHEN status = 'error' THEN 1.0 ELSE 0.0 END AS status,
        cost_usd, input_tokens::DOUBLE AS input_tokens,
        CASE WHEN status <> 'error' THEN output_tokens::DOUBLE END AS output_tokens,
        length(input_text) / 4.0 AS input_length,
        CASE WHEN status <> 'error' THEN coalesce(
            length(output_text), list_sum(list_transform(documents, lambda d: length(d.text)))
        ) END / 4.0 AS output_length
    FROM spans
    WHERE started_at >= $start AND started_at < $end AND dataset = $dataset
)
SELECT
    trace_id, span_id, chain, component, bucket, duration_s, time_to_first_token_s, status, cost_usd,
    input_tokens, output_tokens, input_length, output_length
FROM spans_in
QUALIFY row_number() OVER (PARTITION BY chain, component, bucket ORDER BY lot, span_id) <= $cap
ORDER BY chain, component, bucket, lot, span_id
