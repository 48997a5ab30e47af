-- What the monitors of each component said over time; alerts_firing decides the colour.
WITH said AS (
    SELECT
        component,
        time_bucket(to_seconds($bucket_s), window_end - INTERVAL 1 MICROSECOND, CAST($start AS TIMESTAMPTZ)) AS bucket,
        count(*) FILTER (WHERE status = 'ok') AS ok,
        count(*) FILTER (WHERE status = 'breach') AS breach,
        count(*) FILTER (WHERE status = 'no_data') AS no_data,
        count(*) FILTER (WHERE status = 'error') AS error
    FROM results
    WHERE chain = $chain AND window_end > $start AND window_end <= $end
    GROUP BY component, bucket
)
SELECT
    said.*,
    EXISTS (
        SELECT 1 FROM alerts
        WHERE alerts.chain = $chain
          AND alerts.component = said.component
          AND alerts.started_at < said.bucket + to_seconds($bucket_s)
          AND coalesce(alerts.resolved_at, CAST($end AS TIMESTAMPTZ)) > said.bucket
    ) AS firing
FROM said
ORDER BY component, bucket
