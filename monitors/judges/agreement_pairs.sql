-- Each person's label beside each LLM judge's grade of the same span and criterion, with who wrote the answer.
SELECT
    g.criterion, g.judge, g.judge_version, coalesce(s.model, '') AS generator,
    g.score AS judged, a.score AS label, length(s.output_text) AS characters
FROM annotations a
JOIN grades g ON g.trace_id = a.trace_id AND g.span_id = a.span_id AND g.criterion = a.name
JOIN spans s ON s.trace_id = g.trace_id AND s.span_id = g.span_id AND s.started_at = g.span_started_at
WHERE a.author_kind = 'human' AND a.score IS NOT NULL AND g.judge_kind <> 'local' AND g.status = 'graded'
    AND ($chain::VARCHAR IS NULL OR g.chain = $chain)
ORDER BY g.criterion, g.judge, g.judge_version, generator, a.trace_id, a.span_id, a.author
