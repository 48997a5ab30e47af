-- News that waited so long is none: the dashboard shows it, a page about yesterday wakes for nothing.
UPDATE notifications
SET state = 'dead', reason = $reason
WHERE state = 'pending' AND created_at < $before
