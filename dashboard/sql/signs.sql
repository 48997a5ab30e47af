-- What users said and did of one component, by UTC day: rows, and how many of them are bad signs; and its requests
-- (`status`), to see how many of the answers anybody spoke of. A day that is over stands in one row.
WITH sketches AS (
    SELECT dataset, chain, component, field, window_start, total, counts, false AS whole_day
    FROM number_sketches
    UNION ALL
    SELECT dataset, chain, component, field, window_start, total, counts, true
    FROM number_sketch_days
    WHERE window_end - window_start = INTERVAL 1 DAY
)
SELECT
    field, (window_start AT TIME ZONE 'UTC')::DATE AS day,
    coalesce(sum(total) FILTER (whole_day), sum(total) FILTER (NOT whole_day))::DOUBLE AS bad,
    coalesce(sum(list_sum(counts)) FILTER (whole_day), sum(list_sum(counts)) FILTER (NOT whole_day))::BIGINT AS n
FROM sketches
WHERE dataset = 'production' AND chain = $chain AND component = $component
    AND (field = 'status' OR starts_with(field, 'feedback.'))
    AND window_start >= $first AND window_start < $last + INTERVAL 1 DAY
GROUP BY field, day
ORDER BY field, day
