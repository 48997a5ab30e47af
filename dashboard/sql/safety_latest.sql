-- What the monitors on safety of one component said last in the range.
SELECT check_name, status, reason, monitor, window_end
FROM results
WHERE chain = $chain AND component = $component AND (field = 'refusal' OR starts_with(field, 'safety.'))
    AND window_end > $start AND window_end <= $end
QUALIFY row_number() OVER (PARTITION BY monitor ORDER BY window_end DESC) = 1
ORDER BY check_name
