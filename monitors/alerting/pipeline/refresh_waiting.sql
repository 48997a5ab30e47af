-- A message that nobody tried to send yet tells what is known now.
UPDATE notifications
SET payload = $payload
WHERE incident_id = $incident_id
  AND channel = $channel
  AND kind IN ('firing', 'update')
  AND state = 'pending'
  AND attempts = 0
  AND last_error IS NULL
