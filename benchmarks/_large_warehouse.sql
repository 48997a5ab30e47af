-- One day of the sample's spans in $copies copies, in order of time, as they would have come. A copy of a trace has
-- other ids, lies up to half an hour apart, takes another time and ends its texts in another way. $share is how many
-- in 1,000 of the traces of the last copy are there.
INSERT INTO spans BY NAME
WITH copied AS (
    SELECT
        s.*, md5(s.trace_id || $salt || c::VARCHAR) AS new_trace_id, $salt || c::VARCHAR AS copy,
        hash(s.trace_id || $salt || c::VARCHAR) AS lot
    FROM sample.spans AS s, range($copies::BIGINT) AS copies(c)
    WHERE s.dataset = 'production' AND s.started_at >= $low AND s.started_at < $high
        AND (c < $copies - 1 OR hash(s.trace_id) % 1000 < $share)
),
moved AS (
    SELECT *, $shift::INTERVAL + to_seconds((lot % 3600)::BIGINT - 1800) AS move, 0.7 + (lot % 601) / 1000.0 AS times
    FROM copied
)
SELECT
    * EXCLUDE (new_trace_id, copy, lot, move, times) REPLACE (
        new_trace_id AS trace_id,
        left(md5(span_id || copy), 16) AS span_id,
        left(md5(parent_span_id || copy), 16) AS parent_span_id,
        $chain AS chain,
        started_at + move AS started_at,
        ended_at + move AS ended_at,
        started_at + move + INTERVAL 40 SECOND AS ingested_at,
        duration_s * times AS duration_s,
        time_to_first_token_s * times AS time_to_first_token_s,
        left(input_text, 300) || ' (' || left(md5(new_trace_id), 6) || ')' AS input_text,
        left(output_text, 400) || ' (' || left(md5(new_trace_id || 'o'), 6) || ')' AS output_text,
        list_transform(documents, lambda d: struct_update(d, text := left(d.text, 80))) AS documents,
        left(md5(user_id || (lot % 7)::VARCHAR), 16) AS user_id,
        left(md5(session_id || copy), 16) AS session_id
    )
FROM moved
ORDER BY started_at
