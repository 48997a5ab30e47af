-- The longest window of the range, in seconds: a shorter bucket would leave holes between windows.
SELECT max(epoch(window_end) - epoch(window_start)) AS window_s
FROM results
WHERE chain = $chain AND window_end > $start AND window_end <= $end
