-- The checks of one component on its inputs and outputs: of each monitor one window in $thin_s seconds, the last one, or
-- the last one in breach.
SELECT * FROM (
    SELECT
        monitor,
        unnest(arg_max(
            {
                check_name: check_name, field: field, reference_kind: reference_kind, concern: concern,
                window_end: window_end, status: status, value: value, threshold: threshold, unit: unit
            },
            {is_breach: status = 'breach', window_end: window_end}
        ))
    FROM results
    WHERE chain = $chain AND component = $component
      AND window_end > $start AND window_end <= $end
    GROUP BY monitor, time_bucket(to_seconds($thin_s), window_end, CAST($start AS TIMESTAMPTZ))
)
ORDER BY concern, monitor, window_end
