-- The windows that begin at $starts and last $length, and those of another length, configured once, that cover any of
-- their time.
DELETE FROM number_sketches
WHERE dataset = 'production'
    AND window_end > $low AND window_start < $high
    AND len(list_filter($starts, lambda s: s < window_end AND s + $length > window_start)) > 0
