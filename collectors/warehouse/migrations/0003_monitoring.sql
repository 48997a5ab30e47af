-- What a monitor run keeps, so that the next one costs what is new and not what is stored.

-- One row per evaluated window. spans is how many production spans it held: a window that holds
-- another number by now got late spans, and is evaluated again.
CREATE TABLE evaluated_windows (
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ PRIMARY KEY,
    spans BIGINT NOT NULL,
    run_id VARCHAR NOT NULL
);

-- One row per stream (chain, component, field) and window of production, and one per evaluation set:
-- a bounded sample of its rows, as vectors of texts or as numbers.
CREATE TABLE samples (
    dataset VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,                -- what the rows are: an encoder, a unit, a judge; only equals are compared
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    n BIGINT NOT NULL,                     -- rows with a value, of which `rows` is a sample
    n_missing BIGINT NOT NULL,             -- rows without a value
    dimensions INTEGER NOT NULL,
    rows BLOB NOT NULL,                    -- float16 vectors or float64 numbers, little-endian, row by row
    keys VARCHAR[] NOT NULL,               -- trace_id/span_id of each vector; empty for numbers
    seed BIGINT NOT NULL
);

-- The version that each component was last seen to run, by version field: a change is a deploy.
CREATE TABLE component_versions (
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (chain, component, field)
);
