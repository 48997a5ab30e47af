-- Estimates of one component, by day, criterion, target and version: '*' is all versions together.
SELECT
    criterion, target, version, day, value, low, high, always_low, always_high, alone_low, alone_high,
    labels, judged, scored, answers, judge, judge_version, computed_at
FROM quality_estimates
WHERE chain = $chain AND component = $component AND dataset = 'production'
    AND day >= ($start AT TIME ZONE 'UTC')::DATE AND day <= ($end AT TIME ZONE 'UTC')::DATE
ORDER BY criterion, target, version, day
