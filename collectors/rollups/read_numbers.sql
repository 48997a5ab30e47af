-- The fields $fields of the stretches in `tiles`.
SELECT
    r.component, t.place, r.environment, r.chain_version, r.component_version, r.prompt_version, r.index_version, r.model,
    r.field, r.n, r.total, r.squares, r.low, r.high, r.codes, r.counts
FROM rollup_numbers AS r
JOIN tiles AS t ON t.level_s = r.level_s AND t.bucket = r.bucket
WHERE r.chain = $chain AND r.dataset = $dataset AND r.bucket >= $start AND r.bucket < $end
    AND list_contains($fields, r.field)
    AND ($component IS NULL OR r.component = $component)
    AND ($version IS NULL OR coalesce(r.component_version, r.chain_version) = $version)
    AND ($model IS NULL OR r.model = $model)
    AND ($environment IS NULL OR r.environment = $environment)
    AND ($marker IS NULL
        OR $marker IN (r.chain_version, r.component_version, r.prompt_version, r.index_version, r.model))
