-- Mean grade per component, criterion and bucket, with what its interval needs. A known truth has the judge
-- `reference`.
SELECT
    component,
    criterion,
    judge_kind,
    any_value(judge) AS judge,
    time_bucket(to_seconds($bucket_s), span_started_at, CAST($start AS TIMESTAMPTZ)) AS bucket,
    avg(score) AS mean,
    stddev_samp(score) AS spread,
    count(score) AS scored
FROM grades
WHERE chain = $chain AND dataset = 'production' AND judge NOT IN ('safety', 'evidently')
  AND span_started_at >= $start AND span_started_at < $end
  AND ($component IS NULL OR component = $component)
GROUP BY component, criterion, judge_kind, bucket
ORDER BY component, criterion, bucket
