-- What is kept of each window in sums that merge, so that any two stretches of time are compared without their rows.

-- The numbers of a span as the monitors watch them. Failed spans count as errors; what they put out is no length.
-- Where no tokens are sent, a quarter of the characters stands in for them.
CREATE VIEW span_numbers AS
SELECT
    dataset, chain, component, started_at, trace_id, span_id,
    duration_s, time_to_first_token_s,
    CASE WHEN status = 'error' THEN 1.0 ELSE 0.0 END::DOUBLE AS status,
    cost_usd, input_tokens::DOUBLE AS input_tokens,
    CASE WHEN status <> 'error' THEN output_tokens::DOUBLE END AS output_tokens,
    length(input_text) / 4.0 AS input_length,
    CASE WHEN status <> 'error' THEN coalesce(
        length(output_text), list_sum(list_transform(documents, lambda d: length(d.text)))
    ) END / 4.0 AS output_length
FROM spans;

-- One row per stream of numbers and bucket: a window, or a whole day made of its windows; and one per evaluation set.
CREATE TABLE number_sketches (
    dataset VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,                -- the unit, or the judge: only equals are merged
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    n_missing BIGINT NOT NULL,             -- spans without a value
    total DECIMAL(38, 9) NOT NULL,         -- sum of the values, exact in any order
    low DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    codes INTEGER[] NOT NULL,              -- bins that have a value, ascending; see docs/reference/sketches.md
    counts BIGINT[] NOT NULL               -- values in each of them
);

-- The same of embeddings.
CREATE TABLE text_sketches (
    dataset VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,                -- the encoder
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    sketch BLOB NOT NULL                   -- sums in integers; its first byte is the version of its layout
);
