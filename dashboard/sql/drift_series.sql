-- The checks of one component on its inputs and outputs: of each monitor one window in $thin_s seconds, the last one, or
-- the last one in breach.
SELECT monitor, check_name, field, reference_kind, concern, window_end, status, value, threshold, unit
FROM results
WHERE chain = $chain AND component = $component
  AND window_end > $start AND window_end <= $end
QUALIFY row_number() OVER (
    PARTITION BY monitor, time_bucket(to_seconds($thin_s), window_end, CAST($start AS TIMESTAMPTZ))
    ORDER BY status = 'breach' DESC, window_end DESC
) = 1
ORDER BY concern, monitor, window_end
