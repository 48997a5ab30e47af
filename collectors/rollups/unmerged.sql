-- The stretches of $level_s seconds that are over (a later hour has spans) and rolled up in hours only.
SELECT DISTINCT time_bucket(to_seconds($level_s), bucket) AS bucket
FROM rollup_tiles
WHERE level_s = 3600
    AND time_bucket(to_seconds($level_s), bucket)
        < (SELECT time_bucket(to_seconds($level_s), max(bucket)) FROM rollup_tiles WHERE level_s = 3600)
EXCEPT
SELECT bucket FROM rollup_tiles WHERE level_s = $level_s
