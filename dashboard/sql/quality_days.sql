-- What the local scorer, known truths (judge `reference`) and people said of one component, by day: as it stands,
-- without correction.
SELECT
    judge AS who, criterion, (span_started_at AT TIME ZONE 'UTC')::DATE AS day,
    avg(score) AS mean, stddev_samp(score) AS spread, count(score) AS scored, count(*) - count(score) AS unscored
FROM grades
WHERE chain = $chain AND component = $component AND dataset = 'production' AND judge_kind = 'local'
    AND span_started_at >= $start AND span_started_at < $end
GROUP BY judge, criterion, day
UNION ALL
SELECT
    'people', a.name, (s.started_at AT TIME ZONE 'UTC')::DATE AS day,
    avg(a.score), stddev_samp(a.score), count(a.score), 0
FROM annotations a
JOIN spans s ON s.trace_id = a.trace_id AND s.span_id = a.span_id
WHERE a.author_kind = 'human' AND a.score IS NOT NULL
    AND s.chain = $chain AND s.component = $component AND s.dataset = 'production'
    AND s.started_at >= $start AND s.started_at < $end
GROUP BY a.name, day
ORDER BY who, criterion, day
