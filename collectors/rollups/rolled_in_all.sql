-- How many spans are rolled up, when the newest of them was stored, and how many there are.
SELECT
    coalesce(sum(spans), 0)::BIGINT AS spans, max(seen_at) AS seen_at, (SELECT count(*) FROM spans) AS stored
FROM rollup_tiles
WHERE level_s = 3600
