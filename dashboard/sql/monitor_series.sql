-- One monitor over time, window by window.
SELECT window_start, window_end, status, value, threshold, unit, n_current, reason
FROM results
WHERE monitor = $monitor AND window_end > $start AND window_end <= $end
ORDER BY window_end
