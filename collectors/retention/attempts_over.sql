-- Condition: the message of the attempt goes too.
notification_id NOT IN (
    SELECT notification_id FROM notifications
    WHERE created_at >= $cutoff OR state IN ('pending', 'sending')
        OR incident_id IN (SELECT incident_id FROM incidents WHERE state <> 'resolved')
)
