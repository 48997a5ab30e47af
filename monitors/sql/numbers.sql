-- The numbers of a bounded, seeded sample of the spans of each component in each window.
-- Windows are counted from the epoch in steps of $length_us. Token counts that are not sent are NULL;
-- the lengths of the texts stand beside them.
WITH spans_in AS (
    SELECT
        * EXCLUDE (dataset, started_at), epoch_us(started_at) // $length_us AS bucket,
        md5($seed::VARCHAR || trace_id) AS lot
    FROM span_numbers
    WHERE started_at >= $start AND started_at < $end AND dataset = $dataset
)
SELECT
    trace_id, span_id, chain, component, bucket, duration_s, time_to_first_token_s, status, cost_usd,
    input_tokens, output_tokens, input_length, output_length
FROM spans_in
QUALIFY row_number() OVER (PARTITION BY chain, component, bucket ORDER BY lot, span_id) <= $cap
ORDER BY chain, component, bucket, lot, span_id
