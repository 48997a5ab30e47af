-- The checks of one component on its inputs and outputs, window by window.
SELECT monitor, check_name, field, reference_kind, concern, window_end, status, value, threshold, unit
FROM results
WHERE chain = $chain AND component = $component
  AND window_end > $start AND window_end <= $end
ORDER BY concern, monitor, window_end
