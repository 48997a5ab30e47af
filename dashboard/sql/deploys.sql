SELECT deploy_id, component, field, value, previous_value, deployed_at, source, note
FROM deploys
WHERE chain = $chain AND deployed_at >= $start AND deployed_at < $end
ORDER BY deployed_at DESC
LIMIT 200
