-- How many requests of each series and window had a value, how many were bad, and the statistics of the values.
-- The largest $max_series of a component and window are series of their own, the rest is one.
WITH valued AS (
    SELECT chain, component, {series} AS series, epoch_us(started_at) // $length_us AS bucket, {value} AS value
    FROM {source}
    WHERE dataset = 'production' AND started_at >= $start AND started_at < $end AND {matches}
),
present AS (
    SELECT * FROM valued WHERE value IS NOT NULL
),
places AS (
    SELECT
        chain, component, bucket, series,
        row_number() OVER (PARTITION BY chain, component, bucket ORDER BY count(*) DESC, series) AS place
    FROM present
    GROUP BY chain, component, bucket, series
)
SELECT
    chain, component, bucket,
    if(place <= $max_series, series, list_transform(series, lambda one: $other)) AS series,
    count(*) AS n,
    count(*) FILTER (value > $bad_above OR value < $bad_below) AS bad,
    count(DISTINCT series) AS series_in_it,
    {statistic} AS value
FROM present
JOIN places USING (chain, component, bucket, series)
GROUP BY chain, component, bucket, 4
ORDER BY bucket, chain, component, series
