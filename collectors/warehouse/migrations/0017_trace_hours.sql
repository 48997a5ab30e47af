-- In which hours a trace has spans: where to look for one by its id, without an index on the spans, which storing would
-- pay for. Kept with the rollups, for the same hours.
CREATE TABLE trace_hours (
    bucket TIMESTAMPTZ NOT NULL,           -- the start of the hour
    trace_key UINTEGER NOT NULL            -- the last 32 bits of the MD5 of the trace's id: few traces share one
);

-- What is rolled up already has none: all of it is rolled up again by the next run.
DELETE FROM rollup_tiles;
DELETE FROM rollup_spans;
DELETE FROM rollup_numbers;
DELETE FROM rollup_sources;
