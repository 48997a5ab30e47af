-- The oldest production span that was stored and complete by $cutoff and lies in no evaluated window.
SELECT min(started_at) AS at
FROM spans
WHERE dataset = 'production' AND ingested_at <= $cutoff
    AND ($until::TIMESTAMPTZ IS NULL OR started_at >= $until) AND started_at < $end
