-- Grades of one version, model or environment, by judge and criterion: all of the hours in $whole, and those that
-- compare_mixed_grades.sql found, as $measures and $scores.
WITH found AS (
    SELECT judge || ' ' || criterion AS measure, score
    FROM grades
    WHERE chain = $chain AND component = $component AND dataset = $dataset AND score IS NOT NULL
      AND span_started_at >= $start AND span_started_at < $end
      AND date_trunc('hour', span_started_at) IN (SELECT unnest(CAST($whole AS TIMESTAMPTZ[])))
    UNION ALL
    SELECT unnest(CAST($measures AS VARCHAR[])), unnest(CAST($scores AS DOUBLE[]))
)
SELECT
    measure, count(score) AS n, avg(score) AS mean, stddev_samp(score) AS spread,
    quantile_cont(score, 0.5) AS p50, quantile_cont(score, 0.95) AS p95
FROM found
GROUP BY measure
