-- Open incidents first, then those that ended lately by the record's own time; parts of others are left out.
SELECT *
FROM incidents
WHERE state <> 'resolved'
   OR ($all OR (
        merged_into IS NULL
        AND resolved_at >= (SELECT max(last_window_end) FROM alert_state) - to_days($days)
   ))
ORDER BY state = 'resolved', severity, started_at DESC, incident_id
