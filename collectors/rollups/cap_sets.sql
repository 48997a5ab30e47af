-- What follows `WITH seen AS (...)`: one row per stretch, component and version set (environment, version markers and
-- model). $most sets of each stretch and component are kept, those with the most spans. The others become one, in
-- which a marker that they do not share is $other.
, ranked AS (
    SELECT
        *,
        row_number() OVER () AS id,
        row_number() OVER (
            PARTITION BY bucket, dataset, chain, component
            ORDER BY spans DESC, environment, chain_version, component_version, prompt_version, index_version, model
        ) > $most AS is_other
    FROM seen
),
others AS (
    SELECT
        bucket, dataset, chain, component, is_other, min(id) AS id,
        CASE
            WHEN count(DISTINCT coalesce(COLUMNS('^(environment|[a-z]+_version|model)$'), '')) > 1 THEN $other
            ELSE any_value(COLUMNS('^(environment|[a-z]+_version|model)$'))
        END AS 'kept_\1'
    FROM ranked
    WHERE is_other
    GROUP BY bucket, dataset, chain, component, is_other
)
SELECT
    r.* EXCLUDE (id), coalesce(o.id, r.id) AS set_id,
    if(r.is_other, o.kept_environment, r.environment) AS kept_environment,
    if(r.is_other, o.kept_chain_version, r.chain_version) AS kept_chain_version,
    if(r.is_other, o.kept_component_version, r.component_version) AS kept_component_version,
    if(r.is_other, o.kept_prompt_version, r.prompt_version) AS kept_prompt_version,
    if(r.is_other, o.kept_index_version, r.index_version) AS kept_index_version,
    if(r.is_other, o.kept_model, r.model) AS kept_model
FROM ranked AS r
LEFT JOIN others AS o USING (bucket, dataset, chain, component, is_other)
