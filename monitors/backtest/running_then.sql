-- The version that each component ran at $start: of its last change before, else what the first change after it
-- replaced, else what it still runs.
SELECT
    v.chain, v.component, v.field,
    coalesce(
        arg_max(d.value, d.deployed_at) FILTER (WHERE d.deployed_at < $start),
        arg_min(d.previous_value, d.deployed_at) FILTER (WHERE d.deployed_at >= $start),
        any_value(v.value)
    ) AS value,
    coalesce(
        max(d.deployed_at) FILTER (WHERE d.deployed_at < $start),
        min(c.first_seen_at)
    ) AS since
FROM history.main.component_versions AS v
JOIN history.main.components AS c USING (chain, component)
LEFT JOIN history.main.deploys AS d
    ON d.chain = v.chain AND d.component = v.component AND d.field = v.field AND d.source = 'inferred'
WHERE c.first_seen_at < $start
GROUP BY v.chain, v.component, v.field
