-- The sketches of days and weeks at $places, in order of time.
SELECT *
FROM number_sketch_days
WHERE rowid IN (SELECT unnest($places))
ORDER BY window_start
