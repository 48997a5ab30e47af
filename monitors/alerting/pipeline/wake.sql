-- What held messages back is over: they go out, dated now so that they do not count as too old.
UPDATE notifications
SET state = 'pending', reason = NULL, stopped_by = NULL, next_attempt_at = $now, created_at = $now,
    decisions = to_json(list_append(coalesce(decisions::JSON[], []), woken.step::JSON))
FROM (SELECT unnest($ids::VARCHAR[]) AS id, unnest($steps::VARCHAR[]) AS step) AS woken
WHERE notification_id = woken.id
