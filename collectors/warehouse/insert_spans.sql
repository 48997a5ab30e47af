-- The rows of `incoming` that are not stored yet. The look-up is bounded by their own range of times, so its
-- cost follows what comes and not what is there: a span that is sent twice has the same start both times.
INSERT INTO spans BY NAME
SELECT new.* REPLACE (coalesce(new.ingested_at, $now) AS ingested_at)
FROM incoming AS new
ANTI JOIN (
    SELECT trace_id, span_id FROM spans WHERE started_at BETWEEN $low AND $high
) AS old ON old.trace_id = new.trace_id AND old.span_id = new.span_id
