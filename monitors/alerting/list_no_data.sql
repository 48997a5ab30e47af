-- Streams without data, longest first: not ok, and not shown as ok.
SELECT chain, component, field, concern, reference_kind, reason, since, last_data_at
FROM alert_state
WHERE state = 'no_data'
ORDER BY since, chain, component, field, reference_kind
