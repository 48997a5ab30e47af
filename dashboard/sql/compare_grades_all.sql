-- Grades of one side, by judge and criterion, whatever the version, model and environment.
SELECT
    judge || ' ' || criterion AS measure, count(score) AS n, avg(score) AS mean,
    stddev_samp(score) AS spread, quantile_cont(score, 0.5) AS p50, quantile_cont(score, 0.95) AS p95
FROM grades
WHERE chain = $chain AND component = $component AND dataset = $dataset AND score IS NOT NULL
  AND span_started_at >= $start AND span_started_at < $end
GROUP BY measure
