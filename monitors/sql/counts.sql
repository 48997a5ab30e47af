-- How many spans of each component each window has, and how many of them have a value of each field.
SELECT
    chain, component, epoch_us(started_at) // $length_us AS bucket,
    count(*) AS spans,
    count(duration_s) AS duration_s,
    count(time_to_first_token_s) AS time_to_first_token_s,
    count(status) AS status,
    count(cost_usd) AS cost_usd,
    count(input_tokens) AS input_tokens,
    count(output_tokens) AS output_tokens,
    count(*) FILTER (trim(input_text) <> '') AS input_text,
    count(*) FILTER (trim(output_text) <> '' OR len(documents) > 0) AS output_text
FROM spans
WHERE started_at >= $start AND started_at < $end AND dataset = $dataset
GROUP BY ALL
ORDER BY ALL
