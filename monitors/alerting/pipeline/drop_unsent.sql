-- What nobody tried to send before the incident was over. A message that waited because its channel was down
-- has an error and stays: people shall hear of what happened meanwhile.
UPDATE notifications
SET state = 'suppressed', reason = 'resolved before it was sent'
WHERE incident_id = $incident_id
  AND channel = $channel
  AND kind IN ('firing', 'update')
  AND state = 'pending'
  AND attempts = 0
  AND last_error IS NULL
