-- One page of traces. A trace is in when any of its spans fits every filter.
WITH matched AS (
    SELECT DISTINCT trace_id
    FROM spans
    WHERE chain = $chain AND dataset = 'production' AND started_at >= $start AND started_at < $end
      AND ($component IS NULL OR component = $component)
      AND ($status IS NULL OR status = $status)
      AND ($environment IS NULL OR environment = $environment)
      AND ($version IS NULL
           OR $version IN (chain_version, component_version, prompt_version, index_version, model))
      AND ($text IS NULL
           OR contains(lower(input_text), lower($text))
           OR contains(lower(output_text), lower($text))
           OR contains(lower(error_type), lower($text))
           OR trace_id = $text)
),
folded AS (
    SELECT
        trace_id,
        min(started_at) AS started_at,
        max(started_at) AS last_at,
        -- The root's, else the first span's: by a number, which is faster than by two values.
        arg_min(component, place) AS component,
        arg_min(coalesce(duration_s, -1), place) AS duration_s,
        count(*) AS spans,
        count(*) FILTER (WHERE status = 'error') AS errors,
        -- The root often repeats the cost of its steps, so the larger of the two is the trace's.
        greatest(
            sum(cost_usd) FILTER (WHERE parent_span_id IS NOT NULL),
            sum(cost_usd) FILTER (WHERE parent_span_id IS NULL)
        ) AS cost_usd
    FROM (SELECT *, epoch_us(started_at) + if(parent_span_id IS NULL, 0, 1::BIGINT << 60) AS place FROM spans)
    WHERE trace_id IN (SELECT trace_id FROM matched)
      AND started_at >= CAST($start AS TIMESTAMPTZ) - INTERVAL 1 HOUR
      AND started_at < CAST($end AS TIMESTAMPTZ) + INTERVAL 1 HOUR
    GROUP BY trace_id
)
SELECT
    trace_id, started_at, last_at, component, nullif(duration_s, -1) AS duration_s, spans, errors, cost_usd,
    count(*) OVER () AS total
FROM folded
ORDER BY
    CASE $sort WHEN 'slowest' THEN -folded.duration_s WHEN 'costliest' THEN -coalesce(cost_usd, 0)
               WHEN 'errors' THEN -errors ELSE 0 END,
    started_at DESC
LIMIT $limit OFFSET $offset
