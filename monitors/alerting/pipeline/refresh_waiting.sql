-- Messages that nobody tried to send yet tell what is known now.
UPDATE notifications
SET payload = latest.payload
FROM (SELECT unnest($ids::VARCHAR[]) AS id, unnest($payloads::VARCHAR[]) AS payload) AS latest
WHERE notification_id = latest.id
