-- What wrote a span: the instrumentation's scope and version, or the tool that exported it. `source` says
-- which format and file it came in.
ALTER TABLE spans ADD COLUMN exporter VARCHAR;
