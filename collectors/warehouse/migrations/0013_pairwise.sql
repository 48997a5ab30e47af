-- Two answers to one question, compared by a judge in both orders. No text is kept but ids and verdicts.

CREATE TABLE pairwise_verdicts (
    verdict_id VARCHAR NOT NULL,           -- hash of the answers, the judge and the rubric: compared once
    trace_id VARCHAR NOT NULL,             -- of side a, as are the span, its time and its dataset
    span_id VARCHAR NOT NULL,
    span_started_at TIMESTAMPTZ NOT NULL,
    dataset VARCHAR NOT NULL,
    other_trace_id VARCHAR NOT NULL,       -- of side b
    other_span_id VARCHAR NOT NULL,
    side_a VARCHAR NOT NULL,               -- such as model=small-2
    side_b VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    judge VARCHAR NOT NULL,
    judge_version VARCHAR NOT NULL,
    rubric VARCHAR NOT NULL,
    rubric_version VARCHAR NOT NULL,
    a_first VARCHAR,                       -- a | b | tie when a stood first; NULL: no verdict
    b_first VARCHAR,                       -- a | b | tie when b stood first
    reason VARCHAR,                        -- why there is no verdict
    judged_at TIMESTAMPTZ NOT NULL
);
