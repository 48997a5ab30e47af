-- The smallest and largest number that each kind of feedback of this stretch of time ever had, up to its end: its scale
-- is told from them. No row where nobody said anything.
SELECT name, min(score) AS low, max(score) AS high
FROM feedback
WHERE created_at < $end
    AND name IN (SELECT name FROM feedback WHERE created_at >= $start AND created_at < $end)
GROUP BY name
