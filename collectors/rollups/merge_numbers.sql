-- The numbers of the hours between $low and $high; of_sets.sql and add_numbers.sql follow.
WITH members AS (
    SELECT
        * EXCLUDE (level_s, bucket), time_bucket(to_seconds($level_s), bucket) AS stretch
    FROM rollup_numbers
    WHERE level_s = 3600 AND bucket >= $low AND bucket < $high
)
