-- How the queue of one criterion and component stands for one person.
WITH queue AS (
    SELECT
        d.trace_id, d.span_id,
        count(a.annotation_id) AS grades,
        count(a.annotation_id) FILTER (a.author = $author) AS mine
    FROM drawn_spans d
    JOIN spans s ON s.trace_id = d.trace_id AND s.span_id = d.span_id AND s.started_at = d.span_started_at
    LEFT JOIN annotations a ON a.trace_id = d.trace_id AND a.span_id = d.span_id AND a.name = d.drawn_for
        AND a.author_kind = 'human' AND a.score IS NOT NULL
    WHERE d.purpose = 'label' AND d.drawn_for = $criterion AND d.chain = $chain AND d.component = $component
        AND (coalesce(s.output_text, '') <> '' OR len(s.documents) > 0)
    GROUP BY d.trace_id, d.span_id
)
SELECT
    count(*) FILTER (grades = 0) AS fresh,
    count(*) FILTER (grades > 0 AND mine = 0) AS second,
    count(*) FILTER (mine > 0) AS done
FROM queue
