-- The hours in which a trace has spans, and rarely one in which another trace of the same key has.
SELECT DISTINCT bucket
FROM trace_hours
WHERE trace_key = (md5_number_lower($trace_id) % 4294967296)::UINTEGER
