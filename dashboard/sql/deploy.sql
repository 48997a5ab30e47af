SELECT deploy_id, component, field, value, previous_value, deployed_at, source, note
FROM deploys
WHERE deploy_id = $deploy_id
