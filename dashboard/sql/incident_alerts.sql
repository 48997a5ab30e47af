-- The alerts of one incident, each with its latest result in breach; those of the component to blame first.
SELECT
    alerts.monitor, alerts.check_name, alerts.component, alerts.field, alerts.reference_kind, alerts.concern,
    alerts.state, alerts.started_at, alerts.fired_at, alerts.last_breach_at, alerts.resolved_at,
    coalesce(results.value, alerts.value) AS value,
    coalesce(results.threshold, alerts.threshold) AS threshold,
    coalesce(results.unit, alerts.unit) AS unit,
    coalesce(results.reason, alerts.reason) AS reason,
    results.p_value, results.effect, results.effect_unit, results.n_current, results.n_reference,
    results.n_sampled, results.reference_name,
    coalesce(results.evidence, alerts.evidence) AS evidence,
    alerts.evidence AS kept
FROM alerts
LEFT JOIN results ON results.result_id = alerts.result_id
JOIN incidents ON incidents.incident_id = alerts.incident_id
WHERE alerts.incident_id = $incident_id
ORDER BY alerts.state = 'resolved', incidents.component <> alerts.component, alerts.component, alerts.monitor
