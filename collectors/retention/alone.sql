-- Condition: belongs to no span that stays: the span was pruned before, or never came.
trace_id NOT IN (
    SELECT trace_id FROM spans
    WHERE (dataset <> 'production' OR started_at >= $cutoff) AND started_at < $cutoff + INTERVAL 1 DAY
)
