-- The labels of every answer that two people or more labelled, by criterion: a list of author and score.
SELECT name AS criterion, list(struct_pack(author := author, score := score) ORDER BY author) AS labels
FROM annotations
WHERE author_kind = 'human' AND score IS NOT NULL
    AND ($chain::VARCHAR IS NULL OR trace_id IN (SELECT trace_id FROM spans WHERE chain = $chain))
GROUP BY name, trace_id, span_id
HAVING count(DISTINCT author) > 1
ORDER BY name, trace_id, span_id
