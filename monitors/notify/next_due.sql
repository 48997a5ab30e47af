-- When the next message of these channels may be tried; what waits for an earlier one of its incident has no time.
SELECT min(n.next_attempt_at) AS next_at
FROM notifications n
WHERE n.state = 'pending'
  AND list_contains($channels, n.channel)
  AND NOT EXISTS (
        SELECT 1
        FROM notifications earlier
        WHERE earlier.incident_id = n.incident_id
          AND earlier.channel = n.channel
          AND earlier.state IN ('pending', 'sending')
          AND (earlier.created_at, earlier.kind) < (n.created_at, n.kind)
  )
