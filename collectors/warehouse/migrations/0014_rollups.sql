-- What pages show of spans, summed over hours, quarters of a day (UTC) and days. Sums merge, so a range of 90 days is
-- read as 90 rows a component and not as its spans.

-- One row per stretch of time that is rolled up. spans and stamp are those of all its spans at that time: an hour that
-- has other ones by now is rolled up again.
CREATE TABLE rollup_tiles (
    level_s BIGINT NOT NULL,               -- 3600 | 21600 | 86400
    bucket TIMESTAMPTZ NOT NULL,           -- its start
    spans BIGINT NOT NULL,
    stamp BIGINT NOT NULL,                 -- of when each span was stored; as in evaluated_windows
    seen_at TIMESTAMPTZ NOT NULL           -- when the newest of them was stored
);

-- One row per stretch, component and set of version markers.
CREATE TABLE rollup_spans (
    level_s BIGINT NOT NULL,
    bucket TIMESTAMPTZ NOT NULL,
    dataset VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    chain_version VARCHAR,
    component_version VARCHAR,
    prompt_version VARCHAR,
    index_version VARCHAR,
    model VARCHAR,
    spans BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL
);

-- The same for each of their numbers. Spans without a value, or with one that is not finite, are left out.
CREATE TABLE rollup_numbers (
    level_s BIGINT NOT NULL,
    bucket TIMESTAMPTZ NOT NULL,
    dataset VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    chain_version VARCHAR,
    component_version VARCHAR,
    prompt_version VARCHAR,
    index_version VARCHAR,
    model VARCHAR,
    field VARCHAR NOT NULL,
    n BIGINT NOT NULL,
    total DOUBLE NOT NULL,
    squares DOUBLE NOT NULL,               -- sum of their squares
    low DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    codes INTEGER[] NOT NULL,              -- bins that have a value, ascending, as in number_sketches
    counts BIGINT[] NOT NULL               -- values in each of them
);

-- One row per stretch, source and exporter.
CREATE TABLE rollup_sources (
    level_s BIGINT NOT NULL,
    bucket TIMESTAMPTZ NOT NULL,
    dataset VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    exporter VARCHAR,
    spans BIGINT NOT NULL,
    arrived_at TIMESTAMPTZ NOT NULL,
    newest_at TIMESTAMPTZ NOT NULL
);

-- The numbers of a span that pages show.
CREATE VIEW span_measures AS
SELECT
    dataset, chain, component, chain_version, component_version, prompt_version, index_version, model, started_at,
    duration_s, time_to_first_token_s, cost_usd,
    input_tokens::DOUBLE AS input_tokens, output_tokens::DOUBLE AS output_tokens,
    length(input_text)::DOUBLE AS input_characters, length(output_text)::DOUBLE AS output_characters,
    len(documents)::DOUBLE AS documents
FROM spans;
