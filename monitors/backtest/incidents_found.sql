-- The incidents of the range; one whose cause turned out to be another's is that one.
SELECT
    incident_id, chain, component, cause, title, summary, severity, state, started_at, started_at_low,
    started_at_high, detected_at, resolved_at, deploy_id, owner, times_opened
FROM incidents
WHERE merged_into IS NULL AND detected_at > $start
ORDER BY detected_at, incident_id
