-- Sketches of texts that a trace in `gone` may be part of: those of its components at its times, sampled or not.
WITH kept AS (
    SELECT 'text_sketches' AS name, rowid AS place, dataset, chain, component, window_start, window_end
    FROM text_sketches
    UNION ALL
    SELECT 'text_sketch_days', rowid, dataset, chain, component, window_start, window_end FROM text_sketch_days
)
SELECT DISTINCT k.name, k.place
FROM kept k
JOIN spans s ON s.chain = k.chain AND s.component = k.component AND s.dataset = k.dataset
    AND s.started_at >= k.window_start AND s.started_at < k.window_end
WHERE s.trace_id IN (SELECT trace_id FROM gone)
