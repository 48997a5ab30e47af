-- Results in breach since $since with an explanation whose texts a transformer is still to rank: those that an
-- alert tells first, then the newest.
SELECT
    result_id, chain, component, field,
    json_extract_string(evidence, '$.ranking.of') AS ranking_of,
    json_extract(evidence, '$.to_read') AS to_read
FROM results
WHERE status = 'breach' AND window_start >= $since
    AND json_extract_string(evidence, '$.ranking.due') = 'true'
ORDER BY
    json_extract_string(evidence, '$.ranking.of') IN (
        SELECT json_extract_string(alerts.evidence, '$.ranking.of') FROM alerts
        WHERE alerts.last_breach_at >= $since AND json_exists(alerts.evidence, '$.ranking.of')
    ) DESC,
    window_end DESC, monitor
