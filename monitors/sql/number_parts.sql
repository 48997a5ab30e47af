-- The days and weeks of which a week, or twice as many weeks, is over by $until and has no sketch; none lasts more than
-- $longest_days. What begins before the first window that is kept has lost its beginning and is not made.
--
-- In microseconds from $monday on: whole numbers compare ten times as fast as times with a zone.
WITH long AS (
    SELECT
        rowid AS place, chain, component, field, basis,
        epoch_us(window_start) - epoch_us($monday) AS begun, epoch_us(window_end) - epoch_us(window_start) AS lasts
    FROM number_sketch_days
    WHERE dataset = 'production'
),
parts AS (
    SELECT
        * EXCLUDE (begun, lasts),
        lasts * if(lasts = epoch_us(INTERVAL 1 DAY), 7, 2) AS longer,
        begun // longer * longer AS start
    FROM long
),
kept AS (
    SELECT least(
        (SELECT epoch_us(min(window_start)) - epoch_us($monday) FROM number_sketches WHERE dataset = 'production'),
        (SELECT min(begun) FROM long WHERE lasts = epoch_us(INTERVAL 1 DAY))
    ) AS first
)
SELECT place, longer // epoch_us(INTERVAL 1 DAY) AS days
FROM parts
ANTI JOIN (SELECT chain, component, field, basis, lasts AS longer, begun AS start FROM long)
    USING (chain, component, field, basis, longer, start)
WHERE longer <= $longest_days * epoch_us(INTERVAL 1 DAY)
    AND start + longer <= epoch_us($until::TIMESTAMPTZ) - epoch_us($monday)
    AND start >= (SELECT first FROM kept)
