-- A grade says which versions its span was of, so that versions are compared without a look at the spans: finding them
-- again, hour by hour, cost more than all else that a comparison reads.
ALTER TABLE grades ADD COLUMN environment VARCHAR;
ALTER TABLE grades ADD COLUMN chain_version VARCHAR;
ALTER TABLE grades ADD COLUMN component_version VARCHAR;
ALTER TABLE grades ADD COLUMN prompt_version VARCHAR;
ALTER TABLE grades ADD COLUMN index_version VARCHAR;
ALTER TABLE grades ADD COLUMN model VARCHAR;

UPDATE grades
SET environment = spans.environment,
    chain_version = spans.chain_version,
    component_version = spans.component_version,
    prompt_version = spans.prompt_version,
    index_version = spans.index_version,
    model = spans.model
FROM spans
WHERE spans.trace_id = grades.trace_id AND spans.span_id = grades.span_id AND spans.started_at = grades.span_started_at;
