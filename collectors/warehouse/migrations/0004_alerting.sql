-- What alerting must remember between runs, so that a catch-up in one go and a run every hour decide alike.

-- One row per stream (the labels of an alert): where its count of windows stands.
CREATE TABLE alert_state (
    fingerprint VARCHAR PRIMARY KEY,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    concern VARCHAR NOT NULL,
    reference_kind VARCHAR NOT NULL,
    state VARCHAR NOT NULL,                -- ok | pending | firing | no_data
    reason VARCHAR NOT NULL,
    since TIMESTAMPTZ NOT NULL,            -- end of the window in which the state began
    last_window_end TIMESTAMPTZ NOT NULL,  -- windows up to here are done: a second time changes nothing
    last_data_at TIMESTAMPTZ,              -- end of the last window with data
    last_ok_at TIMESTAMPTZ,
    breach_windows INTEGER NOT NULL,
    ok_windows INTEGER NOT NULL,
    breach_started_at TIMESTAMPTZ,         -- start of the first window of the present breach
    alert_id VARCHAR                       -- the latest alert of this stream
);

ALTER TABLE alerts ADD COLUMN onset_low TIMESTAMPTZ;   -- the change began not before
ALTER TABLE alerts ADD COLUMN onset_high TIMESTAMPTZ;  -- and not after
ALTER TABLE alerts ADD COLUMN strength DOUBLE;         -- of the strongest breach, to keep its figures
ALTER TABLE alerts ADD COLUMN evidence JSON;           -- figures and examples of the strongest breach

ALTER TABLE incidents ADD COLUMN times_opened INTEGER;  -- 1, and one more for each relapse
ALTER TABLE incidents ADD COLUMN merged_into VARCHAR;   -- the incident whose cause explained this one later
ALTER TABLE incidents ADD COLUMN closed_by VARCHAR;     -- who resolved it by hand: it does not come back
ALTER TABLE incidents ADD COLUMN noise BOOLEAN;         -- a person said that there was nothing to see
