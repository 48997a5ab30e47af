-- The fewest stretches that make up [$start, $end) and lie each in one step of $step_s seconds from $origin on: days,
-- then quarters of a day, then hours. None holds an hour of `left_out`, which are read off the spans.
CREATE OR REPLACE TEMP TABLE tiles AS
WITH left_out_of AS (
    SELECT DISTINCT level_s, time_bucket(to_seconds(level_s), bucket) AS bucket
    FROM left_out, (VALUES (3600), (21600), (86400)) AS levels(level_s)
),
fitting AS (
    SELECT
        level_s, bucket,
        floor((epoch(bucket) - epoch(CAST($origin AS TIMESTAMPTZ))) / $step_s)::BIGINT AS place,
        floor((epoch(bucket) + level_s - 1 - epoch(CAST($origin AS TIMESTAMPTZ))) / $step_s)::BIGINT AS last_place
    FROM rollup_tiles
    WHERE bucket >= $start AND bucket + to_seconds(level_s) <= $end
),
free AS (
    SELECT level_s, bucket, place
    FROM fitting
    ANTI JOIN left_out_of USING (level_s, bucket)
    WHERE place = last_place
),
quarters AS (
    SELECT * FROM free
    WHERE level_s = 21600
        AND time_bucket(INTERVAL 1 DAY, bucket) NOT IN (SELECT bucket FROM free WHERE level_s = 86400)
)
SELECT * FROM free WHERE level_s = 86400
UNION ALL
SELECT * FROM quarters
UNION ALL
SELECT * FROM free
WHERE level_s = 3600
    AND time_bucket(INTERVAL 1 DAY, bucket) NOT IN (SELECT bucket FROM free WHERE level_s = 86400)
    AND time_bucket(INTERVAL 6 HOUR, bucket) NOT IN (SELECT bucket FROM quarters)
