-- How many replies of each judge could not be read or were refused, of all that came.
SELECT judge, judge_version, count(*) AS replies, count(*) FILTER (WHERE status = 'unscored') AS unread
FROM grades
WHERE judge_kind = 'llm' AND criterion = 'overall'
    AND ($chain::VARCHAR IS NULL OR chain = $chain)
    AND NOT starts_with(coalesce(reason, ''), 'endpoint: ')
    AND coalesce(reason, '') NOT IN ('no question', 'no input', 'no answer', 'no documents', 'no reference')
GROUP BY judge, judge_version
ORDER BY judge, judge_version
