"""Spans that go straight into columns are the same, value by value, as those that go the ordinary way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from otlp_bodies import NOW, START_NS, otlp_request, otlp_span

from collectors import semconv
from collectors.home import Home
from collectors.ingest_batch import Prepared
from collectors.ingest_config import IngestConfig
from collectors.ingest_rules import Rules, RulesSpec
from collectors.otlp_request import JSON, PROTOBUF
from collectors.privacy.config import FieldActions, PatternRule, PrivacyConfig
from collectors.privacy.privacy import Privacy
from collectors.semconv_index import DEFAULT
from collectors.sources._otlp_columns import Columns
from collectors.sources._otlp_raw import RawSpan
from collectors.sources.otlp import parse
from collectors.spool_decode import Chunk, _Decoder
from collectors.spool_frame import Entry, SpoolRecord

CARD, MAIL = "my card is 4111 1111 1111 1111", "write to ann@example.com"
SAID = [{"role": "user", "parts": [{"type": "text", "content": "where is my order"}]}]

# Every key that has a meaning, more or less, and some that have none.
KEYS = (
    *semconv.MODEL[:3], *semconv.PROVIDER[:2], *semconv.INPUT_TOKENS[:2], *semconv.OUTPUT_TOKENS[:2],
    *semconv.TOTAL_TOKENS[:2], *semconv.CACHED_TOKENS[:1], *semconv.COST[:2], *semconv.SESSION[:2],
    *semconv.USER[:2], *semconv.PROMPT_TEMPLATE[:1], *semconv.PROMPT_VERSION[:1], *semconv.COMPONENT_VERSION,
    *semconv.FIRST_TOKEN_S, *semconv.FIRST_TOKEN_MS, *semconv.FINISH_REASONS[:2], *semconv.PARAMETERS,
    *semconv.INPUT_VALUE[:4], *semconv.OUTPUT_VALUE[:4], *semconv.OUTPUT_CALLS[:1], *semconv.DOCUMENTS[:1],
    *semconv.INPUT_MESSAGES, *semconv.OUTPUT_MESSAGES, *semconv.SPAN_KIND_KINDS, *semconv.DB_SYSTEM[:1],
    semconv.OPERATION, semconv.METADATA, semconv.FUNCTION_ID, semconv.FUNCTION_STEP, "gen_ai.agent.name",
    "gen_ai.tool.name", "traceloop.entity.name", "error.type", "http.status_code", "chainwatch.component",
    "chainwatch.span_id", "llm.input_messages.0.message.role", "llm.input_messages.0.message.content",
    "gen_ai.completion.0.content", "gen_ai.prompt.0.content", "retrieval.documents.0.document.content",
    "annotations.0.annotation.name", "annotations.0.annotation.label",
    "embedding.embeddings.0.embedding.text",
    "gen_ai.response.id", "shop.order", "shop.user_id", "password", "resource", "events", "", "nul\x00key",
)  # fmt: skip
MESSAGES = [
    SAID,
    [{"role": "user", "content": CARD}],
    [{"role": "user", "content": "  spaces around\t"}],
    [{"role": MAIL, "content": "who is it"}],
    [{"role": "system", "content": "be kind"}, *SAID],
    [{"role": "assistant", "parts": [{"type": "text", "content": MAIL}, {"type": "text", "content": "b"}]}],
]
texts = st.sampled_from(
    [
        "a",
        "none",
        "",
        "chat",
        "gpt-4o",
        "llm",
        "rag",
        " x ",
        "NaN",
        "7",
        "0.5",
        "nul\x00",
        "\u00e9t\u00e9",
        CARD,
        MAIL,
    ]
) | st.sampled_from(
    [json.dumps(said) for said in MESSAGES] + ['["a", "b"]', '{"question": "why?"}', "[broken"]
)
scalars = (
    texts
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from([2**63 - 1, 100, 0.0, -0.0, 0.25, float("nan"), float("inf"), None])
)
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=2)
attributes = st.dictionaries(st.sampled_from(KEYS), values, max_size=9)
times = st.sampled_from([0, 1, 999, 1_000_000_000, -1, -2_000])


@st.composite
def spans(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Few sets of attributes, each on several spans with some values changed: what programs send."""
    found: list[dict[str, Any]] = []
    for drawn in draw(st.lists(attributes, min_size=1, max_size=4)):
        shape = drawn
        for _ in range(draw(st.integers(1, 3))):
            for key in draw(st.lists(st.sampled_from(sorted(shape)), max_size=2)) if shape else ():
                shape = {**shape, key: draw(values)}
            number = draw(st.integers(1, 2**20)) if draw(st.booleans()) else len(found) + 1
            found.append(
                otlp_span(
                    draw(st.sampled_from(["chat gpt-4o", "", "step 1234567", "réponse", MAIL])),
                    shape,
                    spanId=f"{number:016x}",
                    parentSpanId=draw(st.sampled_from(["", "cc" * 8])),
                    endTimeUnixNano=str(START_NS + draw(times)),
                    status=draw(st.sampled_from([{}, {"code": 1}, {"code": 2, "message": "ValueError: no"}])),
                    events=draw(st.sampled_from([[], [{"name": "first", "timeUnixNano": str(START_NS)}]])),
                )
            )
    return found


RESOURCES = [
    {"service.name": "shop", "host.ip": "10.1.2.3"},
    {"service.name": "unknown_service", "telemetry.sdk.name": "x", "app.version": "7"},
    {"chainwatch.input_text": "said outright"},
    {},
]


def decoder(privacy: PrivacyConfig | None, home: Home, **lineage: str) -> _Decoder:
    made = None if privacy is None else Privacy.from_config(privacy, {"CHAINWATCH_HASH_SALT": "s" * 32}, home)
    return _Decoder(Rules(RulesSpec(privacy=made, ingest=IngestConfig(lineage=dict(lineage)))))


@pytest.fixture(scope="module")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> list[_Decoder]:
    """Each kind of configuration; kept over all examples, so that what they remember is put to the test."""
    home = Home(root=tmp_path_factory.mktemp("home"))
    rule = PatternRule(regex="ord[a-z]+")
    return [
        decoder(None, home),
        decoder(PrivacyConfig(), home),
        decoder(
            PrivacyConfig(), home, prompt_version="shop.order", chain_version="app.version", user_id="x.y"
        ),
        decoder(PrivacyConfig(patterns={"order": rule}, drop_attributes=["shop.*", "role"]), home),
        decoder(PrivacyConfig(fields=FieldActions(session_id="drop", user_id="keep", names="keep")), home),
        decoder(PrivacyConfig(fields=FieldActions(input_text="hash")), home),
    ]


def chunk(*bodies: bytes, content_type: str = JSON) -> Chunk:
    records = [
        SpoolRecord(signal="traces", content_type=content_type, received_at=NOW, body=body) for body in bodies
    ]
    entries = [("s", Entry(start=n, end=n + 1, record=record)) for n, record in enumerate(records)]
    return Chunk(entries=entries, now=NOW)


def both_ways(made: _Decoder, work: Chunk, monkeypatch: pytest.MonkeyPatch) -> tuple[Prepared, Prepared]:
    fast = made.chunk(work).prepared
    with monkeypatch.context() as patch:
        patch.setattr(made, "_columns", None)
        return fast, made.chunk(work).prepared


def assert_same(fast: Prepared, slow: Prepared) -> None:
    def rows(prepared: Prepared) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = prepared.spans.to_pylist()
        return sorted(found, key=lambda row: (row["trace_id"], row["span_id"]))

    assert fast.spans.schema == slow.spans.schema
    assert repr(rows(fast)) == repr(rows(slow))
    assert (fast.feedback, fast.annotations, fast.contents) == (
        slow.feedback,
        slow.annotations,
        slow.contents,
    )
    assert fast.quarantined == slow.quarantined
    assert (fast.duplicates, fast.refused) == (slow.duplicates, slow.refused)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    requests=st.lists(st.tuples(spans(), st.sampled_from(RESOURCES)), min_size=1, max_size=3),
    which=st.integers(0, 5),
)
def test_columns_hold_what_records_would(
    requests: list[tuple[list[dict[str, Any]], dict[str, Any]]], which: int, decoders: Sequence[_Decoder]
) -> None:
    work = chunk(*(json.dumps(otlp_request(*found, resource=of)).encode() for found, of in requests))
    with pytest.MonkeyPatch.context() as patch:
        assert_same(*both_ways(decoders[which], work, patch))


def test_what_instrumentations_sent_is_the_same_both_ways(
    shared_data: Path, decoders: Sequence[_Decoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [p for p in sorted((shared_data / "otlp_captured").glob("*.pb")) if "-logs-" not in p.name]
    work = chunk(*(path.read_bytes() for path in paths), content_type=PROTOBUF)
    for made in decoders:
        # Twice: what was remembered the first time is used the second.
        for _ in range(2):
            fast, slow = both_ways(made, work, monkeypatch)
            assert_same(fast, slow)
        assert fast.spans.num_rows > 150


def ordinary(*spans: dict[str, Any]) -> tuple[int, list[str]]:
    """How many spans the columns take, and the names of those they leave."""
    body = json.dumps(otlp_request(*spans)).encode()
    table, others = Columns(DEFAULT, None, source="otlp").table(
        [raw for raw in parse("traces", body, JSON) if isinstance(raw, RawSpan)]
    )
    return table.num_rows, [raw.name for raw in others]


def test_plain_model_calls_go_into_columns() -> None:
    call = {
        semconv.OPERATION: "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.conversation.id": "c1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.input.messages": json.dumps(SAID),
    }
    openinference = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "gpt-4o",
        "llm.token_count.prompt": 12,
        "llm.token_count.completion": 3,
        "llm.token_count.total": 15,
        "input.value": "where is my order",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "where is my order",
    }
    spans = [otlp_span("a", call), otlp_span("b", openinference), otlp_span("c", {}), otlp_span("d", call)]
    assert ordinary(*spans) == (4, [])


def test_what_is_out_of_the_ordinary_is_left_to_records() -> None:
    odd = {
        "unfinished": otlp_span("unfinished", {}, endTimeUnixNano="0"),
        "backwards": otlp_span("backwards", {}, endTimeUnixNano=str(START_NS - 5000)),
        "failed": otlp_span("failed", {}, status={"code": 2}),
        "eventful": otlp_span("eventful", {}, events=[{"name": "x", "timeUnixNano": str(START_NS)}]),
        "outright": otlp_span("outright", {"chainwatch.component": "c"}),
        "retrieved": otlp_span("retrieved", {"retrieval.documents.0.document.content": "d"}),
        "negative": otlp_span("negative", {"gen_ai.usage.input_tokens": -1}),
        "worded": otlp_span("worded", {"gen_ai.usage.input_tokens": "12"}),
        "nested": otlp_span("nested", {"tags": ["a", "b"]}),
    }
    assert ordinary(otlp_span("plain", {}), *odd.values()) == (1, list(odd))


def test_a_flood_of_made_up_keys_and_names_is_forgotten_again() -> None:
    columns = Columns(DEFAULT, None, source="otlp")
    for number in range(60):
        spans = [otlp_span(f"n{number}", {f"key{number}.{n}": 1}, spanId=f"{n + 1:016x}") for n in range(100)]
        raws = [
            raw
            for raw in parse("traces", json.dumps(otlp_request(*spans)).encode(), JSON)
            if isinstance(raw, RawSpan)
        ]
        table, others = columns.table(raws)
        assert (table.num_rows, others) == (100, [])
        assert sum(1 + len(known.shared) for known in columns._known.values()) <= 4_300
