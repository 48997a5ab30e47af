-- What spans of the range say of themselves, each set once: what a viewer can narrow by.
SELECT DISTINCT
    component, environment, chain_version, component_version, prompt_version, index_version, model
FROM spans
WHERE chain = $chain AND dataset = 'production' AND started_at >= $start AND started_at < $end
