-- Sums of the grades of the components $components, by criterion and place: the number of the range's bucket, and -1 for
-- all of the equally long range before it. Means of the range are made of the same sums.
SELECT
    component,
    criterion,
    judge_kind,
    CASE
        WHEN span_started_at < $start THEN -1
        ELSE (epoch_us(span_started_at) - epoch_us($start::TIMESTAMPTZ)) // (1000000 * $bucket_s::BIGINT)
    END AS place,
    count(score) AS scored,
    sum(score) AS total,
    sum(score * score) AS squares
FROM grades
WHERE chain = $chain AND dataset = 'production' AND judge NOT IN ('safety', 'evidently')
  AND span_started_at >= $previous_start AND span_started_at < $end
  AND list_contains(CAST($components AS VARCHAR[]), component)
GROUP BY component, criterion, judge_kind, place
HAVING count(score) > 0
