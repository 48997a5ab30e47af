-- Traces $low to $high, the first at $begin, of a support chain: the application, a retriever, a generator and a guardrail.
-- Texts come from word lists by hash, so that every trace is different and the same in every run.
INSERT INTO spans BY NAME
WITH words AS (
    SELECT ['invoice', 'refund', 'delivery', 'account', 'password', 'reset', 'order', 'late', 'parcel', 'warranty',
            'return', 'label', 'card', 'payment', 'failed', 'upgrade', 'plan', 'cancel', 'address', 'change'] AS list
), traces AS (
    SELECT range AS n, $begin::TIMESTAMPTZ + to_microseconds((range - $low) * $step_us::BIGINT) AS moment
    FROM range($low::BIGINT, $high::BIGINT)
), texts AS (
    SELECT n, moment,
        list_aggregate([list[1 + (hash(n * 31 + i) % 20)::INTEGER] FOR i IN range(9)], 'string_agg', ' ') AS question,
        list_aggregate([list[1 + (hash(n * 37 + i) % 20)::INTEGER] FOR i IN range(24 + (hash(n) % 9)::INTEGER)],
            'string_agg', ' ') AS answer
    FROM traces, words
), steps AS (
    SELECT * FROM (VALUES (0, 'support', 'chain', NULL), (1, 'retriever', 'retriever', 0), (2, 'generator', 'llm', 0),
        (3, 'guardrail', 'guardrail', 0)) AS t(step, component, kind, parent)
)
SELECT
    md5(n::VARCHAR) AS trace_id,
    substr(md5(n::VARCHAR || '/' || step), 1, 16) AS span_id,
    CASE WHEN parent IS NOT NULL THEN substr(md5(n::VARCHAR || '/' || parent), 1, 16) END AS parent_span_id,
    'support' AS chain, component, kind, component AS name,
    moment + to_milliseconds(step * 40) AS started_at,
    moment + to_milliseconds(step * 40 + 200 + (hash(n + step) % 900)::INTEGER) AS ended_at,
    (200 + hash(n + step) % 900) / 1000.0 AS duration_s,
    CASE WHEN hash(n * 7 + step) % 200 = 0 THEN 'error' ELSE 'ok' END AS status,
    question AS input_text,
    CASE WHEN step IN (0, 2) THEN answer WHEN step = 3 THEN 'pass' ELSE 'three documents' END AS output_text,
    length(question) // 4 AS input_tokens, length(answer) // 4 AS output_tokens,
    'gpt-4o' AS model, 'v1' AS prompt_version, 'production' AS dataset, 'benchmark' AS source, moment AS ingested_at
FROM texts, steps
