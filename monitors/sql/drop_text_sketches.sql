-- What covers any of the windows that begin at $starts and last $length: the windows themselves, windows of another
-- length that was configured once, and the days around them.
DELETE FROM text_sketches
WHERE dataset = 'production'
    AND window_end > $low AND window_start < $high
    AND len(list_filter($starts, lambda s: s < window_end AND s + $length > window_start)) > 0
