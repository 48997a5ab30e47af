-- Samples that have a row of a trace in `gone`. A key is trace_id/span_id, and a trace's id may have a slash.
SELECT rowid AS place, field, rows, keys
FROM samples
WHERE rowid IN (
    SELECT place
    FROM (SELECT rowid AS place, unnest(keys) AS key FROM samples)
    WHERE regexp_replace(key, '/[^/]*$', '') IN (SELECT trace_id FROM gone)
)
