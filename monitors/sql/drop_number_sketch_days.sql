-- The days and weeks that the windows which begin at $starts and last $length lie in.
DELETE FROM number_sketch_days
WHERE dataset = 'production'
    AND window_end > $low AND window_start < $high
    AND len(list_filter($starts, lambda s: s < window_end AND s + $length > window_start)) > 0
