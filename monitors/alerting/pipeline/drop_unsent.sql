-- What nobody tried to send before the incident was over.
UPDATE notifications
SET state = 'suppressed', reason = 'resolved before it was sent'
WHERE notification_id IN (SELECT unnest($ids::VARCHAR[]))
