-- Each alert that fired in the range, oldest first, under the incident that people would have seen.
SELECT
    a.alert_id, coalesce(i.merged_into, a.incident_id) AS incident_id, a.monitor, a.check_name, a.chain,
    a.component, a.field, a.reference_kind, a.concern, a.severity, a.state, a.value, a.threshold, a.unit,
    a.reason, a.started_at, a.fired_at, a.last_breach_at, a.resolved_at
FROM alerts AS a
LEFT JOIN incidents AS i USING (incident_id)
WHERE a.fired_at > $start
ORDER BY a.fired_at, a.monitor
