-- Grades of one component by hour and criterion.
SELECT date_trunc('hour', span_started_at) AS bucket, criterion, sum(score) AS total, count(score) AS n
FROM grades
WHERE chain = $chain AND component = $component AND dataset = 'production' AND judge NOT IN ('safety', 'evidently')
  AND span_started_at >= $start AND span_started_at < $end
GROUP BY ALL
