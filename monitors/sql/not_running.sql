-- Checks and judges that do not run, as long as their alerts fire.
SELECT component, reason, started_at AS since
FROM alerts
WHERE state = 'firing' AND concern = 'monitoring'
ORDER BY started_at, component
