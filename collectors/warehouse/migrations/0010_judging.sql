-- What was drawn by chance to be judged or labelled, with the chance it had: what makes an estimate of a few
-- answers an estimate of all of them. And what every run of a judge did and spent.

CREATE TABLE drawn_spans (
    drawn_id VARCHAR NOT NULL,             -- hash of purpose, drawn_for and span: drawn once, however often
    purpose VARCHAR NOT NULL,              -- judge | label
    drawn_for VARCHAR NOT NULL,            -- judge, version, rubric and its version; or the criterion to label
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR NOT NULL,
    span_started_at TIMESTAMPTZ NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    version VARCHAR NOT NULL,              -- of the component or the chain; '' where none is known
    dataset VARCHAR NOT NULL,
    weight DOUBLE NOT NULL,                -- how uncertain the local scorer is about it, 0.3 to 1
    place DOUBLE NOT NULL,                 -- a digest in [0, 1) by the weight: the smallest are drawn
    probability DOUBLE,                    -- of having been drawn; NULL: out of turn, so it speaks for nobody else
    outcome VARCHAR NOT NULL,              -- waiting | graded | unscored | skipped
    reason VARCHAR,                        -- why it is unscored or skipped
    drawn_at TIMESTAMPTZ NOT NULL,
    run_id VARCHAR
);

CREATE TABLE judge_runs (
    judge_run_id VARCHAR PRIMARY KEY,
    run_id VARCHAR,                        -- the monitor run it was a part of
    judge VARCHAR NOT NULL,
    judge_version VARCHAR NOT NULL,
    rubric VARCHAR NOT NULL,
    rubric_version VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    eligible BIGINT NOT NULL,
    sampled BIGINT NOT NULL,
    graded BIGINT NOT NULL,
    unscored JSON NOT NULL,                -- reason -> spans
    skipped JSON NOT NULL,
    calls BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cost_usd DOUBLE,
    stopped VARCHAR
);

-- One row per component, version, criterion, day and target; computed anew whenever grades or labels come in.
CREATE TABLE quality_estimates (
    estimate_id VARCHAR PRIMARY KEY,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    version VARCHAR NOT NULL,              -- '' where none is known; '*' for all versions together
    criterion VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    day DATE NOT NULL,
    target VARCHAR NOT NULL,               -- people: what people would say; or the judge whose grade is estimated
    value DOUBLE NOT NULL,
    low DOUBLE NOT NULL,                   -- 95 %, for one look
    high DOUBLE NOT NULL,
    always_low DOUBLE NOT NULL,            -- 95 %, at every look together
    always_high DOUBLE NOT NULL,
    standard_error DOUBLE NOT NULL,
    labels BIGINT NOT NULL,                -- of the target: people's labels, or the judge's grades
    judged BIGINT NOT NULL,
    scored BIGINT NOT NULL,                -- by the local scorer
    answers BIGINT NOT NULL,
    alone_low DOUBLE,                      -- what the target's own labels say without the cheaper scores
    alone_high DOUBLE,
    judge VARCHAR,                         -- whose grades helped
    judge_version VARCHAR,
    computed_at TIMESTAMPTZ NOT NULL
);
