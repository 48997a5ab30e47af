-- What the sampled spans of each component and window say of themselves in one word, and of how many spans
-- there is such a word. The same spans that the numbers are read of. A span that did not fail has no error:
-- shares of errors are shares of all requests.
WITH spans_in AS (
    SELECT
        chain, component, epoch_us(started_at) // $length_us AS bucket,
        md5($seed::VARCHAR || trace_id) AS lot, trace_id, span_id,
        left(model, $longest) AS model, left(provider, $longest) AS provider,
        left(prompt_version, $longest) AS prompt_version,
        CASE WHEN status = 'error' THEN left(coalesce(error_type, 'unnamed'), $longest) ELSE 'no error'
        END AS error_type,
        left(json_extract_string(attributes, '$."gen_ai.response.finish_reasons"[0]'), $longest)
            AS finish_reason
    FROM spans
    WHERE started_at >= $start AND started_at < $end AND dataset = $dataset
)
SELECT
    trace_id, span_id, chain, component, bucket, model, provider, prompt_version, error_type, finish_reason,
    count(model) OVER place AS n_model, count(provider) OVER place AS n_provider,
    count(prompt_version) OVER place AS n_prompt_version, count(error_type) OVER place AS n_error_type,
    count(finish_reason) OVER place AS n_finish_reason
FROM spans_in
WINDOW place AS (PARTITION BY chain, component, bucket)
QUALIFY row_number() OVER (PARTITION BY chain, component, bucket ORDER BY lot, span_id) <= $cap
ORDER BY chain, component, bucket, lot, span_id
