-- What needs a look: alerts that fire, incidents that are open, messages not sent, records not taken.
SELECT
    (SELECT count(*) FROM alerts WHERE state = 'firing') AS firing_alerts,
    (SELECT count(*) FROM incidents WHERE state <> 'resolved') AS open_incidents,
    (SELECT count(*) FROM notifications WHERE state IN ('pending', 'sending')) AS waiting_messages,
    (SELECT count(*) FROM notifications WHERE state = 'dead') AS dead_messages,
    (SELECT count(*) FROM quarantine) AS quarantined
