-- In which of the hours in `stale_hours`, which lie between $low and $high, each trace has spans.
INSERT INTO trace_hours
SELECT bucket, (md5_number_lower(trace_id) % 4294967296)::UINTEGER AS trace_key
FROM (
    SELECT DISTINCT date_trunc('hour', started_at) AS bucket, trace_id
    FROM spans
    WHERE started_at >= $low AND started_at < $high
        AND date_trunc('hour', started_at) IN (SELECT bucket FROM stale_hours)
)
