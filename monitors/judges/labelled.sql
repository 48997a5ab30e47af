-- By criterion: labels, how many people gave them, and how many drawn answers wait for one.
WITH people AS (
    SELECT name AS criterion, count(*) AS labels, count(DISTINCT (trace_id, span_id)) AS answers,
        count(DISTINCT author) AS authors
    FROM annotations WHERE author_kind = 'human' AND score IS NOT NULL GROUP BY name
),
queue AS (
    SELECT d.drawn_for AS criterion, count(*) AS waiting
    FROM drawn_spans d
    ANTI JOIN annotations a ON a.trace_id = d.trace_id AND a.span_id = d.span_id AND a.name = d.drawn_for
        AND a.author_kind = 'human'
    WHERE d.purpose = 'label'
    GROUP BY d.drawn_for
)
SELECT criterion, coalesce(labels, 0) AS labels, coalesce(answers, 0) AS answers, coalesce(authors, 0) AS authors,
    coalesce(waiting, 0) AS waiting
FROM people FULL JOIN queue USING (criterion)
ORDER BY criterion
