-- Rows whose {column} quotes a trace in `gone`, by its id or by how the text begins.
SELECT {key} AS id, {column} AS told
FROM {table}
WHERE {key} IN (
    SELECT {key}
    FROM (SELECT {key}, unnest(json_extract_string({column}, '$..trace_id')) AS trace_id FROM {table})
    WHERE trace_id IN (SELECT trace_id FROM gone)
    UNION
    SELECT {key}
    FROM (SELECT {key}, unnest(json_extract_string({column}, '$..text')) AS said FROM {table})
    WHERE left(said, 400) IN (SELECT text FROM gone_texts)
)
