-- Pages show one environment beside the others, so rollups know it as they know the versions. What was rolled up before
-- does not: the next refresh rolls everything up anew, and until then figures come off the spans.
ALTER TABLE rollup_spans ADD COLUMN environment VARCHAR;
ALTER TABLE rollup_numbers ADD COLUMN environment VARCHAR;
DELETE FROM rollup_tiles;
DELETE FROM rollup_spans;
DELETE FROM rollup_numbers;
DELETE FROM rollup_sources;

CREATE OR REPLACE VIEW span_measures AS
SELECT
    dataset, chain, component, environment, chain_version, component_version, prompt_version, index_version, model,
    started_at, duration_s, time_to_first_token_s, cost_usd,
    input_tokens::DOUBLE AS input_tokens, output_tokens::DOUBLE AS output_tokens,
    length(input_text)::DOUBLE AS input_characters, length(output_text)::DOUBLE AS output_characters,
    len(documents)::DOUBLE AS documents
FROM spans;
