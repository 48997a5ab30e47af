-- Text of spans that travelled apart from them, as log records. It may come before or after its span, in pieces
-- and twice; the rows stay, so that a span's text can be put together again whenever another piece arrives.
CREATE TABLE span_contents (
    content_id VARCHAR NOT NULL,
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR NOT NULL,
    side VARCHAR NOT NULL,                 -- input | output | system
    role VARCHAR NOT NULL,
    whole BOOLEAN NOT NULL,                -- the side's complete text, and not one message of several
    logged_at TIMESTAMPTZ NOT NULL,
    at_ns BIGINT NOT NULL,                 -- orders the messages of one side
    text VARCHAR NOT NULL,
    applied BOOLEAN NOT NULL,              -- the span's text of this side was made from these rows
    ingested_at TIMESTAMPTZ NOT NULL
);
