-- Mean grade by criterion of the local scorer, for the same versions and sides as versions_around.sql.
SELECT
    concat_ws(' · ',
        s.chain_version,
        s.component_version,
        'prompt ' || s.prompt_version,
        'index ' || s.index_version,
        s.model
    ) AS version,
    s.started_at >= $high AS after,
    g.criterion,
    avg(g.score) AS mean
FROM grades AS g
JOIN spans AS s ON s.trace_id = g.trace_id AND s.span_id = g.span_id AND s.dataset = g.dataset
WHERE g.chain = $chain AND g.component = $component AND g.dataset = 'production' AND g.judge_kind = 'local'
  AND g.score IS NOT NULL AND g.span_started_at >= $start AND g.span_started_at < $end
  AND s.started_at >= $start AND s.started_at < $end AND (s.started_at < $low OR s.started_at >= $high)
GROUP BY version, after, g.criterion
ORDER BY g.criterion
