-- Every monitor with its latest result, and how its windows went in the range.
WITH latest AS (
    SELECT monitor, max(window_end) AS window_end
    FROM results
    WHERE chain = $chain
    GROUP BY monitor
),
went AS (
    SELECT
        monitor,
        count(*) AS windows,
        count(*) FILTER (WHERE status = 'breach') AS breaches,
        count(*) FILTER (WHERE status = 'no_data') AS without_data,
        count(*) FILTER (WHERE status = 'error') AS errors
    FROM results
    WHERE chain = $chain AND window_end > $start AND window_end <= $end
    GROUP BY monitor
)
SELECT
    results.monitor, results.check_name, results.component, results.field, results.reference_kind,
    results.concern, results.status, results.value, results.threshold, results.unit, results.p_value,
    results.n_current, results.n_reference, results.n_sampled, results.reason, results.window_end,
    results.reference_name, results.computed_at,
    json_extract_string(results.evidence, '$.detectable.said') AS sees,
    coalesce(went.windows, 0) AS windows,
    coalesce(went.breaches, 0) AS breaches,
    coalesce(went.without_data, 0) AS without_data,
    coalesce(went.errors, 0) AS errors
FROM results
JOIN latest ON latest.monitor = results.monitor AND latest.window_end = results.window_end
LEFT JOIN went ON went.monitor = results.monitor
WHERE results.chain = $chain
ORDER BY results.component, results.concern, results.monitor
