-- Sketches of texts are packed already. Compressed again, one of them cannot be read without 2,047 others.
CREATE TABLE text_sketches_plain (
    dataset VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    sketch BLOB NOT NULL USING COMPRESSION uncompressed
);
CREATE TABLE text_sketch_days_plain (
    dataset VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    basis VARCHAR NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    sketch BLOB NOT NULL USING COMPRESSION uncompressed
);
INSERT INTO text_sketches_plain FROM text_sketches;
INSERT INTO text_sketch_days_plain FROM text_sketch_days;
DROP TABLE text_sketches;
DROP TABLE text_sketch_days;
ALTER TABLE text_sketches_plain RENAME TO text_sketches;
ALTER TABLE text_sketch_days_plain RENAME TO text_sketch_days;
