-- How new what is stored is. Spans dated after now come from a clock that is ahead; they must not set the range.
SELECT
    count(*) AS spans,
    max(started_at) FILTER (WHERE dataset = 'production' AND started_at <= $now) AS newest_at,
    max(ingested_at) AS arrived_at,
    count(*) FILTER (WHERE started_at > CAST($now AS TIMESTAMPTZ) + INTERVAL 5 MINUTE) AS ahead
FROM spans
