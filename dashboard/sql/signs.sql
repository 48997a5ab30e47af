-- What users said and did of one component, by UTC day: rows, and how many of them are bad signs; and its requests
-- (`status`), to see how many of the answers anybody spoke of. A day that is over stands in one row.
WITH windows AS (
    SELECT
        field, (window_start AT TIME ZONE 'UTC')::DATE AS day, sum(total)::DOUBLE AS bad,
        sum(list_sum(counts)) AS n
    FROM number_sketches
    WHERE dataset = 'production' AND chain = $chain AND component = $component
        AND (field = 'status' OR starts_with(field, 'feedback.'))
        AND window_start >= $first AND window_start < $last + INTERVAL 1 DAY
    GROUP BY field, day
),
days AS (
    SELECT
        field, (window_start AT TIME ZONE 'UTC')::DATE AS day, sum(total)::DOUBLE AS bad,
        sum(list_sum(counts)) AS n
    FROM number_sketch_days
    WHERE dataset = 'production' AND chain = $chain AND component = $component
        AND (field = 'status' OR starts_with(field, 'feedback.'))
        AND window_start >= $first AND window_start < $last + INTERVAL 1 DAY
    GROUP BY field, day
)
SELECT field, day, coalesce(days.bad, windows.bad) AS bad, coalesce(days.n, windows.n)::BIGINT AS n
FROM windows
FULL JOIN days USING (field, day)
ORDER BY field, day
