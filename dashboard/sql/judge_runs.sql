-- The judge's ledger: what each of its runs drew, graded, left out and spent, newest first.
SELECT
    started_at, judge, judge_version, rubric, rubric_version, eligible, sampled, graded, unscored, skipped,
    calls, input_tokens, output_tokens, cost_usd, stopped
FROM judge_runs
ORDER BY started_at DESC
LIMIT $limit
