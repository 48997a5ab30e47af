INSERT INTO components
    (chain, component, kind, is_application, parent_component, position, first_seen_at, last_seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (chain, component) DO UPDATE SET
    kind = excluded.kind,
    is_application = excluded.is_application,
    parent_component = excluded.parent_component,
    position = excluded.position,
    first_seen_at = least(components.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(components.last_seen_at, excluded.last_seen_at)
