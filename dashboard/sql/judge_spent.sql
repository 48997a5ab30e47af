-- What all judges together took in the last days up to their newest run.
SELECT
    count(*) AS runs, coalesce(sum(graded), 0) AS graded, coalesce(sum(calls), 0) AS calls,
    coalesce(sum(input_tokens + output_tokens), 0) AS tokens, sum(cost_usd) AS cost_usd,
    count(*) FILTER (cost_usd IS NULL) AS without_prices, min(started_at) AS first_at, max(started_at) AS last_at
FROM judge_runs
WHERE started_at > (SELECT max(started_at) FROM judge_runs) - INTERVAL 30 DAY
