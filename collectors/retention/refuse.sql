-- Rows of forgotten traces: those that came since $since, and those of traces that were forgotten just now ($new).
DELETE FROM {table}
USING forgotten_traces
WHERE {table}.trace_id = forgotten_traces.trace_id AND {table}.{time} < forgotten_traces.forgotten_at
    AND ({table}.ingested_at >= $since OR {table}.trace_id IN (SELECT unnest($new::VARCHAR[])))
