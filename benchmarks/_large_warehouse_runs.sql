-- A monitor run for each hour of $hours, the newest at $end: the sample's newest, at other times. Results say that they
-- are of the newest.
INSERT INTO monitor_runs BY NAME
SELECT
    * EXCLUDE (back) REPLACE (
        CASE back WHEN 0 THEN run_id ELSE md5(run_id || back::VARCHAR) END AS run_id,
        $end - to_hours(back) AS started_at,
        $end - to_hours(back) + to_seconds(duration_s / windows_evaluated) AS finished_at,
        $end - to_hours(back) AS now_at,
        duration_s / windows_evaluated AS duration_s,
        1 AS windows_evaluated,
        results_written // windows_evaluated AS results_written,
        breaches // windows_evaluated AS breaches,
        monitor_errors // windows_evaluated AS monitor_errors
    )
FROM (SELECT * FROM sample.monitor_runs ORDER BY started_at DESC LIMIT 1), range($hours) AS hours(back)
