-- Incidents of one chain (or of all), those that need somebody first. What is wrong with the monitors themselves
-- belongs to no chain, and is shown with each.
SELECT
    incidents.incident_id, incidents.chain, incidents.component, incidents.cause, incidents.title,
    incidents.summary, incidents.severity, incidents.state, incidents.started_at,
    incidents.started_at_low, incidents.started_at_high, incidents.detected_at, incidents.resolved_at,
    incidents.updated_at, incidents.deploy_id, incidents.owner, incidents.acknowledged_by,
    incidents.acknowledged_at, incidents.times_opened, incidents.merged_into, incidents.closed_by,
    incidents.noise,
    (SELECT count(*) FROM alerts WHERE alerts.incident_id = incidents.incident_id) AS alerts
FROM incidents
WHERE $chain IS NULL OR chain = $chain OR cause = 'monitoring'
ORDER BY
    state = 'resolved',
    state = 'acknowledged',
    severity <> 'page',
    detected_at DESC
LIMIT 200
