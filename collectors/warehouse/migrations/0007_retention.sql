-- What pruning remembers, so that a prune with nothing to do looks at nothing, and what must not come back.

-- One row per kind of data: everything before pruned_before was pruned at pruned_at.
CREATE TABLE retention_state (
    kind VARCHAR PRIMARY KEY,              -- texts | spans | ... | compact
    pruned_before TIMESTAMPTZ NOT NULL,
    pruned_at TIMESTAMPTZ NOT NULL
);

-- Users whose data was deleted: records of theirs from before that time are refused, also when an old file is
-- loaded again. The id is never stored, only a hash of the stored id.
CREATE TABLE forgotten_users (
    user_digest VARCHAR PRIMARY KEY,       -- SHA-256 of the user id as spans hold it
    forgotten_at TIMESTAMPTZ NOT NULL
);

-- Their traces: most spans of a trace do not name the user.
CREATE TABLE forgotten_traces (
    trace_id VARCHAR PRIMARY KEY,
    forgotten_at TIMESTAMPTZ NOT NULL
);
