-- The record: what happened (spans and what people said of them), what was decided
-- (results, alerts, incidents), what was sent, and what could not be taken.
-- spans has no primary key on purpose: ingest deduplicates by (trace_id, span_id) with a join bounded
-- by the batch's own time range, so a load costs what is new and not what is stored.

CREATE TABLE spans (
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR NOT NULL,
    parent_span_id VARCHAR,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    duration_s DOUBLE,
    time_to_first_token_s DOUBLE,
    status VARCHAR NOT NULL,
    error_type VARCHAR,
    input_text VARCHAR,
    output_text VARCHAR,
    documents STRUCT(id VARCHAR, score DOUBLE, text VARCHAR, relevant BOOLEAN)[],
    reference_text VARCHAR,
    model VARCHAR,
    provider VARCHAR,
    environment VARCHAR,
    chain_version VARCHAR,
    component_version VARCHAR,
    prompt_template VARCHAR,
    prompt_version VARCHAR,
    index_version VARCHAR,
    parameters JSON,
    input_tokens BIGINT,
    output_tokens BIGINT,
    cached_tokens BIGINT,
    cost_usd DOUBLE,
    user_id VARCHAR,
    session_id VARCHAR,
    dataset VARCHAR NOT NULL,
    resource_use JSON,
    attributes JSON,
    source VARCHAR NOT NULL,
    ingested_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE feedback (
    feedback_id VARCHAR NOT NULL,
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR,
    name VARCHAR NOT NULL,
    score DOUBLE,
    label VARCHAR,
    comment VARCHAR,
    user_id VARCHAR,
    created_at TIMESTAMPTZ NOT NULL,
    source VARCHAR NOT NULL,
    ingested_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE annotations (
    annotation_id VARCHAR NOT NULL,
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR,
    author VARCHAR NOT NULL,
    author_kind VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    score DOUBLE,
    label VARCHAR,
    comment VARCHAR,
    created_at TIMESTAMPTZ NOT NULL,
    source VARCHAR NOT NULL,
    ingested_at TIMESTAMPTZ NOT NULL
);

-- One row per judge, criterion and span. status 'unscored' has a NULL score and a reason.
CREATE TABLE grades (
    grade_id VARCHAR NOT NULL,
    trace_id VARCHAR NOT NULL,
    span_id VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    span_started_at TIMESTAMPTZ NOT NULL,
    dataset VARCHAR NOT NULL,
    judge VARCHAR NOT NULL,
    judge_kind VARCHAR NOT NULL,
    judge_version VARCHAR NOT NULL,
    rubric VARCHAR NOT NULL,
    rubric_version VARCHAR NOT NULL,
    criterion VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    score DOUBLE,
    reason VARCHAR,
    rationale VARCHAR,
    input_tokens BIGINT,
    output_tokens BIGINT,
    cost_usd DOUBLE,
    graded_at TIMESTAMPTZ NOT NULL,
    run_id VARCHAR
);

-- The chain as it was seen: one row per component, kept up to date by the monitor run.
CREATE TABLE components (
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    is_application BOOLEAN NOT NULL,       -- its spans have no parent
    parent_component VARCHAR,
    position INTEGER NOT NULL,             -- order of its start inside a trace; the application is 0
    first_seen_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (chain, component)
);

CREATE TABLE deploys (
    deploy_id VARCHAR PRIMARY KEY,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    previous_value VARCHAR,
    deployed_at TIMESTAMPTZ NOT NULL,
    source VARCHAR NOT NULL,
    note VARCHAR
);

CREATE TABLE monitor_runs (
    run_id VARCHAR PRIMARY KEY,
    status VARCHAR NOT NULL,               -- running | ok | failed
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    duration_s DOUBLE,
    now_at TIMESTAMPTZ NOT NULL,           -- the clock the run worked with
    windows_evaluated BIGINT,
    results_written BIGINT,
    breaches BIGINT,
    monitor_errors BIGINT,
    spans_seen BIGINT,
    seed BIGINT NOT NULL,
    code_version VARCHAR NOT NULL,
    config_hash VARCHAR NOT NULL,
    host VARCHAR,
    error VARCHAR
);

-- One row per monitor and window end. monitor is check/chain/component/field/reference_kind.
CREATE TABLE results (
    result_id VARCHAR PRIMARY KEY,         -- hash of monitor and window: a second run replaces, never adds
    run_id VARCHAR NOT NULL,
    monitor VARCHAR NOT NULL,
    check_name VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    reference_kind VARCHAR NOT NULL,       -- skew | drift | level
    concern VARCHAR NOT NULL,              -- input | output | latency | errors | cost | quality
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    reference_start TIMESTAMPTZ,
    reference_end TIMESTAMPTZ,
    reference_name VARCHAR,
    status VARCHAR NOT NULL,               -- ok | breach | no_data | error
    value DOUBLE,
    threshold DOUBLE,
    unit VARCHAR,
    p_value DOUBLE,
    effect DOUBLE,
    effect_unit VARCHAR,
    n_current BIGINT,
    n_reference BIGINT,
    n_sampled BIGINT,
    reason VARCHAR NOT NULL,
    evidence JSON,
    seed BIGINT NOT NULL,
    code_version VARCHAR NOT NULL,
    config_hash VARCHAR NOT NULL,
    computed_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE incidents (
    incident_id VARCHAR PRIMARY KEY,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,            -- the component to blame
    cause VARCHAR NOT NULL,                -- input | output | latency | errors | cost | quality
    title VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,             -- page | ticket
    state VARCHAR NOT NULL,                -- open | acknowledged | resolved
    started_at TIMESTAMPTZ NOT NULL,       -- best estimate of the change point
    started_at_low TIMESTAMPTZ,
    started_at_high TIMESTAMPTZ,
    detected_at TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ NOT NULL,
    deploy_id VARCHAR,                     -- the deploy nearest before the change point, if any
    owner VARCHAR,
    acknowledged_by VARCHAR,
    acknowledged_at TIMESTAMPTZ,
    evidence JSON                          -- examples, propagation path, ruled out, figures before and after
);

CREATE TABLE alerts (
    alert_id VARCHAR PRIMARY KEY,          -- hash of fingerprint and started_at
    fingerprint VARCHAR NOT NULL,          -- hash of the labels: one firing alert a cause
    incident_id VARCHAR,
    monitor VARCHAR NOT NULL,
    check_name VARCHAR NOT NULL,
    chain VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    reference_kind VARCHAR NOT NULL,
    concern VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    state VARCHAR NOT NULL,                -- firing | resolved
    value DOUBLE,
    threshold DOUBLE,
    unit VARCHAR,
    reason VARCHAR NOT NULL,
    labels JSON NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,       -- start of the first window in breach
    fired_at TIMESTAMPTZ NOT NULL,         -- end of the window that fired
    last_breach_at TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    result_id VARCHAR NOT NULL             -- the latest result in breach
);

CREATE TABLE silences (
    silence_id VARCHAR PRIMARY KEY,
    matchers JSON NOT NULL,                -- {"component": "retriever", ...}: all must match
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    author VARCHAR NOT NULL,
    comment VARCHAR NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expired_at TIMESTAMPTZ
);

-- The outbox and, with notification_attempts, the delivery log.
CREATE TABLE notifications (
    notification_id VARCHAR PRIMARY KEY,
    idempotency_key VARCHAR NOT NULL,      -- incident, kind and channel: nothing is queued twice
    incident_id VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,                 -- firing | update | resolved
    payload JSON NOT NULL,
    state VARCHAR NOT NULL,                -- pending | sending | sent | dead | suppressed
    reason VARCHAR,                        -- why it was suppressed, or why it is dead
    attempts INTEGER NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    last_error VARCHAR
);

CREATE TABLE notification_attempts (
    notification_id VARCHAR NOT NULL,
    attempted_at TIMESTAMPTZ NOT NULL,
    outcome VARCHAR NOT NULL,              -- sent | retry | dead
    http_status INTEGER,
    error VARCHAR,
    duration_s DOUBLE
);

CREATE TABLE audit (
    occurred_at TIMESTAMPTZ NOT NULL,
    actor VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    detail JSON
);

CREATE TABLE quarantine (
    quarantine_id VARCHAR PRIMARY KEY,     -- hash of file, line and content: a re-ingest adds nothing
    file VARCHAR NOT NULL,
    line BIGINT,
    source VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    raw VARCHAR NOT NULL,                  -- at most 2,000 characters
    quarantined_at TIMESTAMPTZ NOT NULL
);
