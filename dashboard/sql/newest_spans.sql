-- How new what is stored is. Spans dated after now come from a clock that is ahead; they must not set the range.
-- The first of an order is found without looking at all spans.
SELECT
    (SELECT count(*) FROM spans) AS spans,
    (
        SELECT started_at FROM spans
        WHERE dataset = 'production' AND started_at <= $now
        ORDER BY started_at DESC LIMIT 1
    ) AS newest_at,
    (SELECT ingested_at FROM spans ORDER BY ingested_at DESC LIMIT 1) AS arrived_at,
    (SELECT count(*) FROM spans WHERE started_at > CAST($now AS TIMESTAMPTZ) + INTERVAL 5 MINUTE) AS ahead
