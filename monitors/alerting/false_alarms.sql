-- Each monitor with the incidents that it took part in, and how many of them people called noise. An incident that
-- was merged into another is that one.
SELECT
    alerts.monitor,
    count(DISTINCT alerts.alert_id) AS alerts,
    count(DISTINCT whole.incident_id) AS incidents,
    count(DISTINCT whole.incident_id) FILTER (WHERE whole.noise) AS noise,
    count(DISTINCT whole.incident_id) FILTER (WHERE NOT whole.noise) AS real,
    max(alerts.fired_at) AS last_fired_at
FROM alerts
JOIN incidents AS part ON part.incident_id = alerts.incident_id
JOIN incidents AS whole ON whole.incident_id = coalesce(part.merged_into, part.incident_id)
WHERE $chain IS NULL OR alerts.chain = $chain
GROUP BY alerts.monitor
ORDER BY noise DESC, incidents DESC, alerts.monitor
