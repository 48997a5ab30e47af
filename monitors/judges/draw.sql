-- A sample to judge or to label, drawn by chance in every stratum (chain, component, version).
-- Each answer has one number of luck, a digest of seed and span that never changes; divided by its weight it
-- is its place, and the smallest places are drawn (priority sampling: Duffield, Lund, Thorup, 2007). So a
-- later or larger sample contains the earlier, and people's sample lies within the judge's.
-- The weight is larger where the local scorer is in doubt. Strata share the sample by the square roots of
-- their sizes, so that a small new version is seen too.
-- `cut`: the first place that was not drawn; an answer with this weight was drawn with the chance weight * cut.
-- $components NULL: the application's own spans; $chain NULL: all chains. Judged spans that failed for the
-- endpoint's sake count as not judged; refusals and unreadable replies are not asked for again.
WITH local AS (
    SELECT
        trace_id, span_id,
        coalesce(
            max(score) FILTER (criterion = 'groundedness'),
            max(score) FILTER (criterion = 'relevance'),
            max(score) FILTER (criterion = 'retrieval_relevance')
        ) / 3.0 AS good
    FROM grades
    WHERE span_started_at >= $start AND span_started_at < $end AND dataset = $dataset AND judge_kind = 'local'
    GROUP BY trace_id, span_id
),
done AS (
    SELECT DISTINCT trace_id, span_id
    FROM grades
    WHERE span_started_at >= $start AND span_started_at < $end
        AND $purpose = 'judge'
        AND judge = $judge AND judge_version = $judge_version
        AND rubric = $rubric AND rubric_version = $rubric_version
        AND (status = 'graded' OR NOT starts_with(coalesce(reason, ''), $again))
    UNION
    SELECT trace_id, span_id
    FROM drawn_spans
    WHERE span_started_at >= $start AND span_started_at < $end
        AND $purpose = 'label' AND purpose = 'label' AND drawn_for = $drawn_for
),
eligible AS (
    SELECT
        s.trace_id, s.span_id, s.started_at AS span_started_at, s.chain, s.component, s.dataset,
        coalesce(s.component_version, s.chain_version, '') AS version,
        CASE WHEN l.good IS NULL THEN 1.0
            ELSE 0.3 + 0.7 * 2.0 * sqrt(greatest(0.0, l.good * (1.0 - l.good))) END AS weight,
        md5_number_lower($seed::VARCHAR || '/' || s.trace_id || '/' || s.span_id)::DOUBLE / 18446744073709551616.0
            AS luck
    FROM spans s
    LEFT JOIN local l USING (trace_id, span_id)
    ANTI JOIN done USING (trace_id, span_id)
    WHERE s.started_at >= $start AND s.started_at < $end
        AND s.dataset = $dataset
        AND ($chain::VARCHAR IS NULL OR s.chain = $chain)
        AND (coalesce(s.output_text, '') <> '' OR len(s.documents) > 0)
        AND CASE WHEN $components::VARCHAR[] IS NULL THEN s.parent_span_id IS NULL
            ELSE list_contains($components, s.component) END
),
placed AS (
    SELECT
        *, luck / weight AS place,
        row_number() OVER stratum AS rank,
        count(*) OVER (PARTITION BY chain, component, version) AS size,
        count(*) OVER () AS eligible
    FROM eligible
    WINDOW stratum AS (PARTITION BY chain, component, version ORDER BY luck / weight, trace_id, span_id)
),
turns AS (
    SELECT *, row_number() OVER (ORDER BY (rank - 0.5) / sqrt(size), luck, trace_id, span_id) AS turn
    FROM placed
)
SELECT
    * EXCLUDE (luck, rank, size),
    min(place) FILTER (turn > $limit) OVER (PARTITION BY chain, component, version) AS cut
FROM turns
QUALIFY turn <= $limit
ORDER BY turn
