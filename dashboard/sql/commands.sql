-- The last call of each command that leaves a trace, and how its calls since $since went. `failed` counts calls that
-- did not do what they were called for; NULL where a call that failed leaves no trace.
SELECT
    'run' AS command, max(started_at) AS last_at, arg_max(status, started_at) AS state,
    arg_max(coalesce(duration_s, -1), started_at) AS took_s, arg_max(coalesce(error, ''), started_at) AS note,
    count(*) FILTER (WHERE started_at >= $since) AS calls,
    count(*) FILTER (WHERE started_at >= $since AND status = 'failed') AS failed
FROM monitor_runs
UNION ALL
SELECT
    'judge', max(started_at),
    arg_max(CASE WHEN stopped IS NULL THEN 'ok' ELSE 'stopped' END, started_at),
    arg_max(epoch(updated_at - started_at), started_at), arg_max(coalesce(stopped, ''), started_at),
    count(*) FILTER (WHERE started_at >= $since),
    count(*) FILTER (WHERE started_at >= $since AND stopped IS NOT NULL)
FROM judge_runs
UNION ALL
SELECT
    'messages', max(attempted_at), arg_max(CASE outcome WHEN 'sent' THEN 'ok' ELSE 'failed' END, attempted_at),
    arg_max(coalesce(duration_s, -1), attempted_at), arg_max(coalesce(error, ''), attempted_at),
    count(*) FILTER (WHERE attempted_at >= $since),
    count(*) FILTER (WHERE attempted_at >= $since AND outcome <> 'sent')
FROM notification_attempts
UNION ALL
SELECT 'storing', max(updated_at), 'ok', NULL, '', NULL, NULL FROM spool_cursors
UNION ALL
SELECT action, max(occurred_at), 'ok', NULL, '', count(*) FILTER (WHERE occurred_at >= $since), NULL
FROM audit
WHERE action IN ('prune', 'forget', 'label')
GROUP BY action
