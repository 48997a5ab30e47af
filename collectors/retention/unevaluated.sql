-- Production spans before the limit in windows that no run has evaluated.
SELECT count(*) AS spans
FROM spans
WHERE dataset = 'production' AND started_at < $cutoff
    AND started_at >= coalesce((SELECT max(window_end) FROM evaluated_windows), '-infinity'::TIMESTAMPTZ)
