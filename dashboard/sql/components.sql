-- The chain as the last monitor run saw it, the application first.
SELECT component, kind, is_application, parent_component, position, last_seen_at
FROM components
WHERE chain = $chain
ORDER BY is_application DESC, position, component
