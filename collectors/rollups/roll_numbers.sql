-- The numbers of the hours in `stale_hours`, which lie between $low and $high; count_in_bins.sql follows.
INSERT INTO rollup_numbers BY NAME
WITH spans_in AS (
    SELECT * EXCLUDE (started_at), 3600 AS level_s, date_trunc('hour', started_at) AS bucket
    FROM span_measures
    WHERE started_at >= $low AND started_at < $high
        AND date_trunc('hour', started_at) IN (SELECT bucket FROM stale_hours)
)
