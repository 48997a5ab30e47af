-- Every result in breach since $since that carries the explanation $ranking_of.
SELECT result_id, evidence
FROM results
WHERE status = 'breach' AND window_start >= $since
    AND json_extract_string(evidence, '$.ranking.of') = $ranking_of
ORDER BY window_end
