-- Rows of `incoming` that belong to a stored span of the same range of times, where one of both is unfinished.
INSERT INTO parts BY NAME
SELECT new.*
FROM incoming AS new
SEMI JOIN (
    SELECT trace_id, span_id, ended_at IS NULL AND duration_s IS NULL AS unfinished
    FROM spans
    WHERE started_at BETWEEN $low AND $high
        AND ($any_unfinished OR (ended_at IS NULL AND duration_s IS NULL))
) AS old
    ON old.trace_id = new.trace_id AND old.span_id = new.span_id
    AND (old.unfinished OR (new.ended_at IS NULL AND new.duration_s IS NULL))
