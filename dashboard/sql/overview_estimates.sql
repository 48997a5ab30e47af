-- Estimates of all answers of a day, all versions together: the range, and the equally long one before it.
SELECT
    component, criterion, target, judge_version, day, value, low, high, labels, answers,
    day >= ($start AT TIME ZONE 'UTC')::DATE AS is_current
FROM quality_estimates
WHERE chain = $chain AND dataset = 'production' AND version = '*'
  AND day >= ($previous_start AT TIME ZONE 'UTC')::DATE AND day < ($end AT TIME ZONE 'UTC')::DATE + 1
ORDER BY component, day
