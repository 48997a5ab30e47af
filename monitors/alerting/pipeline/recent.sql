-- How many messages of new incidents each channel got since $since.
SELECT channel, count(*) AS messages
FROM notifications
WHERE kind = 'firing' AND state <> 'suppressed' AND created_at > $since
GROUP BY channel
