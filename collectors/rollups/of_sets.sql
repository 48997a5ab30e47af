-- What follows `WITH members AS (...)`, rows with a stretch of time, what a set is told apart by, and numbers: the
-- numbers by the set of `version_sets` that each row is of.
, numbers_in AS (
    SELECT
        v.set_id,
        m.* EXCLUDE (
            stretch, dataset, chain, component, environment, chain_version, component_version, prompt_version,
            index_version, model
        )
    FROM members AS m
    JOIN version_sets AS v
        ON v.bucket = m.stretch AND v.dataset = m.dataset AND v.chain = m.chain AND v.component = m.component
        AND v.environment IS NOT DISTINCT FROM m.environment
        AND v.chain_version IS NOT DISTINCT FROM m.chain_version
        AND v.component_version IS NOT DISTINCT FROM m.component_version
        AND v.prompt_version IS NOT DISTINCT FROM m.prompt_version
        AND v.index_version IS NOT DISTINCT FROM m.index_version
        AND v.model IS NOT DISTINCT FROM m.model
)
