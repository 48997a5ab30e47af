-- Whether anything is there at all, and how much could not be taken.
SELECT
    (SELECT count(*) FROM spans) AS spans,
    (SELECT count(*) FROM monitor_runs) AS runs,
    (SELECT count(*) FROM results) AS results,
    (SELECT count(*) FROM quarantine) AS quarantined
