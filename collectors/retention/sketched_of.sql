-- Sketches of texts that a trace in `gone` may be part of: those of its components at its times, sampled or not.
SELECT DISTINCT k.rowid AS place
FROM text_sketches k
JOIN spans s ON s.chain = k.chain AND s.component = k.component AND s.dataset = k.dataset
    AND s.started_at >= k.window_start AND s.started_at < k.window_end
WHERE s.trace_id IN (SELECT trace_id FROM gone)
