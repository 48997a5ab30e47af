-- What judges on this machine and LLM judges said of one component in the newest evaluation set, by series.
WITH graded AS (
    SELECT
        dataset, field, split_part(basis, '/', 1) AS who, sum(total)::DOUBLE AS total,
        sum(list_sum(counts))::BIGINT AS n, max(window_end) AS until
    FROM number_sketches
    WHERE dataset <> 'production' AND chain = $chain AND component = $component
        AND starts_with(field, 'quality.')
    GROUP BY dataset, field, who
)
SELECT dataset, field, who, total / n AS mean, n
FROM graded
WHERE n > 0 AND dataset = (SELECT dataset FROM graded ORDER BY until DESC, dataset DESC LIMIT 1)
ORDER BY field, who
