-- Condition: the record names the user as one of $patterns has it, or one of the traces in `gone`.
len(list_filter($patterns::VARCHAR[], lambda p: regexp_matches(raw, p))) > 0
OR quarantine_id IN (
    SELECT quarantine_id
    FROM (
        SELECT quarantine_id, unnest(regexp_extract_all(raw, '[0-9A-Za-z_-]{6,}')) AS word FROM quarantine
    )
    WHERE word IN (SELECT trace_id FROM gone)
)
