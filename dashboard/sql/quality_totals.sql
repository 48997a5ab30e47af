-- Grades per component and criterion: the range, and the equally long one before it.
SELECT
    component,
    criterion,
    judge_kind,
    span_started_at >= $start AS is_current,
    avg(score) AS mean,
    stddev_samp(score) AS spread,
    count(score) AS scored,
    count(*) FILTER (WHERE status = 'unscored') AS unscored
FROM grades
WHERE chain = $chain AND dataset = 'production' AND judge NOT IN ('safety', 'evidently')
  AND span_started_at >= $previous_start AND span_started_at < $end
GROUP BY component, criterion, judge_kind, is_current
