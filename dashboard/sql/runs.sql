SELECT
    run_id, status, started_at, finished_at, duration_s, now_at, windows_evaluated, results_written, breaches,
    monitor_errors, spans_seen, code_version, config_hash, host, error
FROM monitor_runs
ORDER BY started_at DESC
LIMIT $limit
