-- How many monitors of each component said what, each in its latest window.
WITH latest AS (
    SELECT component, monitor, arg_max(status, window_end) AS status
    FROM results
    WHERE chain = $chain AND window_end > $start AND window_end <= $end
    GROUP BY component, monitor
)
SELECT
    component,
    count(*) FILTER (WHERE status = 'ok') AS ok,
    count(*) FILTER (WHERE status = 'breach') AS breach,
    count(*) FILTER (WHERE status = 'no_data') AS no_data,
    count(*) FILTER (WHERE status = 'error') AS error
FROM latest
GROUP BY component
