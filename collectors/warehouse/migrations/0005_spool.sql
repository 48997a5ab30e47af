-- How far each spool segment has been stored. Moved in the transaction that stores the records, so that a
-- record is stored exactly once wherever the process dies. A segment's name carries a random id: a spool
-- that is replaced can never be mistaken for the one before it.
CREATE TABLE spool_cursors (
    segment VARCHAR PRIMARY KEY,
    position BIGINT NOT NULL,              -- bytes of the segment that are stored
    updated_at TIMESTAMPTZ NOT NULL
);
