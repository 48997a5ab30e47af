-- Mean grades of the components $components by criterion, in one look: of the range and of the equally long one before
-- it (bucket is NULL), and of every bucket.
SELECT
    component,
    criterion,
    judge_kind,
    span_started_at >= $start AS is_current,
    time_bucket(to_seconds($bucket_s), span_started_at, CAST($start AS TIMESTAMPTZ)) AS bucket,
    avg(score) AS mean,
    stddev_samp(score) AS spread,
    count(score) AS scored
FROM grades
WHERE chain = $chain AND dataset = 'production' AND judge NOT IN ('safety', 'evidently')
  AND span_started_at >= $previous_start AND span_started_at < $end
  AND list_contains(CAST($components AS VARCHAR[]), component)
GROUP BY GROUPING SETS (
    (component, criterion, judge_kind, is_current),
    (component, criterion, judge_kind, is_current, bucket)
)
