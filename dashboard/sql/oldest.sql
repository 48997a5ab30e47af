-- The oldest row that each limit of [retention] is about; none where nothing is stored. No text is read.
SELECT 'spans' AS kind, min(started_at) AS oldest_at FROM spans WHERE dataset = 'production'
UNION ALL
SELECT 'texts', min(started_at) FROM spans
WHERE dataset = 'production' AND (input_text IS NOT NULL OR output_text IS NOT NULL)
UNION ALL
SELECT 'embeddings', min(window_end) FROM samples
WHERE dataset = 'production' AND field IN ('input_text', 'output_text')
UNION ALL
SELECT 'sketches', min(window_end) FROM (
    SELECT window_end FROM number_sketches WHERE dataset = 'production'
    UNION ALL
    SELECT window_end FROM text_sketches WHERE dataset = 'production'
    UNION ALL
    SELECT window_end FROM samples
    WHERE dataset = 'production' AND field NOT IN ('input_text', 'output_text')
)
UNION ALL
SELECT 'results', min(window_end) FROM results
UNION ALL
SELECT 'quarantine', min(quarantined_at) FROM quarantine
