-- The texts of a bounded, seeded sample of each component in each window: at most $cap that have an
-- input and $cap that have an output. The lot is drawn by trace, so that the same requests are chosen
-- along the whole chain. What a retriever says is its documents. What a failed span says is an apology: it
-- counts as an error and not as an answer that has changed.
WITH spans_in AS (
    SELECT
        chain, component, trace_id, span_id, started_at,
        epoch_us(started_at) // $length_us AS bucket,
        md5($seed::VARCHAR || trace_id) AS lot,
        coalesce(trim(input_text) <> '', false) AS has_input,
        status <> 'error'
            AND (coalesce(trim(output_text) <> '', false) OR coalesce(len(documents), 0) > 0) AS has_output
    FROM spans
    WHERE started_at >= $start AND started_at < $end AND dataset = $dataset
),
ranked AS (
    SELECT
        *,
        has_input AND row_number() OVER (
            PARTITION BY chain, component, bucket, has_input ORDER BY lot, span_id) <= $cap AS use_input,
        has_output AND row_number() OVER (
            PARTITION BY chain, component, bucket, has_output ORDER BY lot, span_id) <= $cap AS use_output
    FROM spans_in
)
SELECT
    r.chain, r.component, r.bucket, r.trace_id, r.span_id,
    CASE WHEN r.use_input THEN left(s.input_text, $max_characters) END AS input_text,
    CASE WHEN r.use_output THEN left(s.output_text, $max_characters) END AS output_text,
    CASE WHEN r.use_output AND (s.kind IN ('retriever', 'reranker') OR s.output_text IS NULL)
        THEN list_filter(
            list_transform(s.documents, lambda d: left(d.text, $max_characters)), lambda t: trim(t) <> '')
    END AS documents
FROM ranked r
JOIN spans s ON s.trace_id = r.trace_id AND s.span_id = r.span_id AND s.started_at = r.started_at
WHERE (r.use_input OR r.use_output)
    AND s.started_at >= $start AND s.started_at < $end AND s.dataset = $dataset
ORDER BY r.chain, r.component, r.bucket, r.lot, r.span_id
