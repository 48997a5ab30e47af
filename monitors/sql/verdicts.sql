-- What LLM judges said beside what they are held against, in the window in which the later of the two came:
-- people's labels of the same span and criterion; the median of the other judges, of three or more; and of every
-- span whether the reply could be read. What the endpoint's failures or missing texts left unscored is no reply.
-- A bounded, seeded sample of each component and window, and how many there were.
WITH said AS (
    SELECT *, judge || '/' || criterion AS who
    FROM grades
    WHERE judge_kind <> 'local' AND dataset = $dataset AND graded_at < $end
),
beside_people AS (
    SELECT
        g.trace_id, g.span_id, g.chain, g.component, greatest(a.ingested_at, g.graded_at) AS came_at,
        g.who AS judge, 'people' AS against, g.score::VARCHAR AS said, a.score::VARCHAR AS "right"
    FROM annotations a
    JOIN said g ON g.trace_id = a.trace_id AND g.span_id = a.span_id AND g.criterion = a.name
    WHERE a.author_kind = 'human' AND a.score IS NOT NULL AND g.status = 'graded'
        AND (a.ingested_at >= $start OR g.graded_at >= $start)
),
fresh AS (
    SELECT DISTINCT trace_id, span_id, criterion FROM said
    WHERE graded_at >= $start AND status = 'graded' AND judge_kind = 'llm'
),
several AS (
    SELECT g.*, count(DISTINCT g.judge) OVER (PARTITION BY g.trace_id, g.span_id, g.criterion) AS judges
    FROM said g
    JOIN fresh USING (trace_id, span_id, criterion)
    WHERE g.status = 'graded' AND g.judge_kind = 'llm'
),
beside_others AS (
    SELECT
        g.trace_id, g.span_id, g.chain, g.component, greatest(g.graded_at, max(o.graded_at)) AS came_at,
        g.who AS judge, 'the other judges' AS against, g.score::VARCHAR AS said,
        quantile_disc(o.score, 0.5)::VARCHAR AS "right"
    FROM several g
    JOIN several o ON o.trace_id = g.trace_id AND o.span_id = g.span_id AND o.criterion = g.criterion
        AND o.judge <> g.judge
    WHERE g.judges >= 3 AND g.criterion <> 'overall'
    GROUP BY g.trace_id, g.span_id, g.chain, g.component, g.graded_at, g.who, g.score, g.grade_id
),
replies AS (
    SELECT
        trace_id, span_id, chain, component, graded_at AS came_at, judge, 'its replies' AS against,
        CASE status WHEN 'graded' THEN 'read' ELSE 'unread' END AS said, 'read' AS "right"
    FROM said
    WHERE graded_at >= $start AND criterion = 'overall' AND judge_kind = 'llm'
        AND NOT starts_with(coalesce(reason, ''), 'endpoint: ')
        AND coalesce(reason, '') NOT IN ('no question', 'no input', 'no answer', 'no documents', 'no reference')
),
everything AS (
    SELECT *, epoch_us(came_at) // $length_us AS bucket, md5($seed::VARCHAR || trace_id || span_id || judge) AS lot
    FROM (FROM beside_people UNION ALL BY NAME FROM beside_others UNION ALL BY NAME FROM replies)
    WHERE came_at >= $start AND came_at < $end
)
SELECT
    trace_id, span_id, chain, component, bucket, judge, against, said, "right",
    count(*) OVER (PARTITION BY chain, component, bucket) AS n_verdicts
FROM everything
QUALIFY row_number() OVER (PARTITION BY chain, component, bucket, against ORDER BY lot, judge) <= $cap
ORDER BY chain, component, bucket, against, lot, judge
