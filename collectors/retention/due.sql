-- Rows that are due in {table}, by hour of {time}: those that passed the limit since the last prune ($since), and
-- older ones that came after it ($seen). Two ranges, so that each is found without a look at the rest.
-- What is older than $floor goes as a whole.
SELECT hour, sum(n)::BIGINT AS n
FROM (
    SELECT epoch_us({time}) // 3600000000 AS hour, count(*) AS n
    FROM {table}
    WHERE {time} < $cutoff AND {time} >= $since AND {time} >= $floor AND (
        {where}
    )
    GROUP BY ALL
    UNION ALL
    SELECT epoch_us({time}) // 3600000000 AS hour, count(*) AS n
    FROM {table}
    WHERE {time} < $cutoff AND {time} < $since AND {time} >= $floor AND {arrived} >= $seen AND (
        {where}
    )
    GROUP BY ALL
)
GROUP BY hour
ORDER BY hour
