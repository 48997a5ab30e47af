-- Verdicts of every comparison of two sides in one chain: the comparison, and what was said in each order.
SELECT
    side_a, side_b, component, judge, judge_version, rubric, rubric_version, a_first, b_first, judged_at
FROM pairwise_verdicts
WHERE chain = $chain
ORDER BY side_a, side_b, component, judge, judge_version, rubric, rubric_version, judged_at
