SELECT notification_id, channel, kind, state, reason, attempts, next_attempt_at, created_at, sent_at, last_error,
    list_transform(
        coalesce(decisions::JSON[], []), lambda one: (one ->> 'step') || ': ' || (one ->> 'reason')
    ) AS decisions
FROM notifications
WHERE incident_id = $incident_id
ORDER BY created_at, kind
