-- The latest alert of one component in a range that kept an explanation with topics or a map.
SELECT monitor, field, last_breach_at, evidence
FROM alerts
WHERE chain = $chain AND component = $component
  AND last_breach_at > $start AND last_breach_at <= $end
  AND (json_exists(evidence, '$.map') OR json_exists(evidence, '$.explains'))
ORDER BY json_exists(evidence, '$.map') DESC, last_breach_at DESC
LIMIT 1
