-- One row when a pass has anything to do: something to send, a claim that ran out, a silence that may be over.
SELECT 1 AS one
FROM notifications n
LEFT JOIN incidents i USING (incident_id)
WHERE n.state = 'pending'
   OR (n.state = 'sending' AND n.next_attempt_at <= $now)
   OR (n.state = 'suppressed' AND n.stopped_by IN ('silence', 'inhibit') AND n.kind = 'firing' AND i.state <> 'resolved')
LIMIT 1
