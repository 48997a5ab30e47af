"""Batches of records through the redaction step: fields, nested values, ids, order, cost of nothing."""

from __future__ import annotations

import json
import pickle
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.home import Home
from collectors.ingest_batch import Batch
from collectors.model import Annotation, Document, Feedback, QuarantinedRecord, Span
from collectors.privacy.config import PrivacyConfig
from collectors.privacy.privacy import Privacy
from collectors.sources.base import SpanContent

AT = datetime(2026, 3, 2, tzinfo=UTC)
SALT = {"CHAINWATCH_HASH_SALT": "a salt for these tests alone"}
PLAIN = Privacy.from_config(PrivacyConfig(), SALT, Home(Path("unused")))


def privacy(**settings: Any) -> Privacy:
    return Privacy.from_config(PrivacyConfig.model_validate(settings), SALT, Home(Path("unused")))


def span(**values: Any) -> Span:
    return Span(trace_id="t", span_id="s", component="generator", name="chat", started_at=AT, **values)


def one(how: Privacy, **values: Any) -> Span:
    return how.batch(Batch(spans=[span(**values)])).spans[0]


def test_every_text_of_a_span_is_redacted() -> None:
    mail = "write to joe@example.com"
    names = ("input_text", "output_text", "reference_text", "prompt_template", "error_type")
    made = one(
        PLAIN, **dict.fromkeys(names, mail), documents=(Document(id="joe@example.com", text=mail, score=1.0),)
    )
    assert [getattr(made, name) for name in names] == ["write to [EMAIL]"] * 5
    assert made.documents == (Document(id="joe@example.com", text="write to [EMAIL]", score=1.0),)


def test_names_are_redacted_unless_kept() -> None:
    named = Batch(spans=[replace(span(), name="GET /users/joe@example.com", component="joe@example.com")])
    assert PLAIN.batch(named).spans[0].name == "GET /users/[EMAIL]"
    assert PLAIN.batch(named).spans[0].component == "[EMAIL]"
    assert privacy(fields={"names": "keep"}).batch(named).spans == named.spans


def test_attributes_are_searched_at_any_depth() -> None:
    made = one(
        PLAIN,
        attributes={
            "a": [{"b": {"c": ["joe@example.com", 7, None, 1.5, True]}}],
            "messages": json.dumps([{"role": "user", "content": "line\njoe@example.com"}]),
            "calls": json.dumps({"arguments": json.dumps({"to": "joe@example.com", "n": 3})}),
            "tokens": 4111111111111111,
        },
        parameters={"user": "joe@example.com", "temperature": 0.2},
    )
    assert made.attributes["a"] == [{"b": {"c": ["[EMAIL]", 7, None, 1.5, True]}}]
    assert json.loads(made.attributes["messages"]) == [{"role": "user", "content": "line\n[EMAIL]"}]
    assert json.loads(json.loads(made.attributes["calls"])["arguments"]) == {"to": "[EMAIL]", "n": 3}
    assert made.attributes["tokens"] == 4111111111111111
    assert made.parameters == {"user": "[EMAIL]", "temperature": 0.2}


def test_keys_tell_what_values_are() -> None:
    made = one(
        PLAIN,
        attributes={
            "http.request.header.authorization": ["Negotiate abc"],
            "db": {"password": "x", "clientSecret": "y"},
            "gen_ai.usage.total_tokens": "900",
            "user.full_name": "Ada Lovelace",
            "user.id": "ada",
            "langfuse.session.id": "s-1",
            "metadata": {"userId": "ada", "topic": "password"},
        },
    )
    assert made.attributes == {
        "http.request.header.authorization": ["[SECRET]"],
        "db": {"password": "[SECRET]", "clientSecret": "[SECRET]"},
        "gen_ai.usage.total_tokens": "900",
        "user.full_name": "[PERSONAL]",
        "user.id": PLAIN.hash_user("ada"),
        "langfuse.session.id": PLAIN.hash_session("s-1"),
        "metadata": {"userId": PLAIN.hash_user("ada"), "topic": "password"},
    }


def test_attributes_are_dropped_by_pattern_at_any_depth() -> None:
    how = privacy(drop_attributes=["http.request.*", "raw"])
    made = one(how, attributes={"http.request.body": "x", "http.response": {"raw": 1, "size": 2}})
    assert made.attributes == {"http.response": {"size": 2}}


def test_feedback_annotations_contents_and_quarantine() -> None:
    mail = "from joe@example.com"
    batch = Batch(
        feedback=[
            Feedback(
                feedback_id="f", trace_id="t", comment=mail, label="bad", user_id="ada", created_at=AT
            )
        ],
        annotations=[
            Annotation(
                annotation_id="a", trace_id="t", author="eve@example.com", author_kind="human", name="n",
                comment=mail, created_at=AT,
            )
        ],
        contents=[
            SpanContent(
                content_id="c", trace_id="t", span_id="s", side="input", role="user", whole=True, at_ns=0,
                text=mail,
            )
        ],
        quarantined=[
            QuarantinedRecord(
                file="f", line=1, source="jsonl", reason="input_text = 'joe@example.com': must be",
                quarantined_at=AT,
                raw='{"user_id": "ada", "text": "joe@example.com", "userId": "ada',
            )
        ],
    )  # fmt: skip
    made = PLAIN.batch(batch)
    ada = PLAIN.hash_user("ada")
    assert (made.feedback[0].comment, made.feedback[0].user_id) == ("from [EMAIL]", ada)
    assert made.feedback[0].label == "bad"
    assert (made.annotations[0].comment, made.annotations[0].author) == ("from [EMAIL]", "eve@example.com")
    assert made.contents[0].text == "from [EMAIL]"
    assert made.quarantined[0].raw == f'{{"user_id": "{ada}", "text": "[EMAIL]", "userId": "{ada}'
    assert made.quarantined[0].reason == "input_text = '[EMAIL]': must be"


def test_raw_otlp_in_the_quarantine_loses_its_ids() -> None:
    raw = '{"attributes": [{"key": "user.id", "value": {"stringValue": "ada"}}, {"key": "x", "value": 1}'
    record = QuarantinedRecord(file="f", line=1, source="otlp", reason="r", raw=raw, quarantined_at=AT)
    made = PLAIN.batch(Batch(quarantined=[record])).quarantined[0].raw
    assert made == raw.replace("ada", PLAIN.hash_user("ada"))


@pytest.mark.parametrize(
    "name", ["input_text", "output_text", "reference_text", "prompt_template", "error_type"]
)
def test_each_action_of_each_text(name: str) -> None:
    value = {name: "hello joe@example.com"}
    assert getattr(one(privacy(fields={name: "keep"}), **value), name) == value[name]
    assert getattr(one(privacy(fields={name: "drop"}), **value), name) is None
    hashed = getattr(one(privacy(fields={name: "hash"}), **value), name)
    assert hashed.startswith("hashed:")
    assert len(hashed) == len("hashed:") + 32
    assert hashed == getattr(one(privacy(fields={name: "hash"}), **{name: hashed}), name)


def test_actions_of_the_other_fields() -> None:
    document = Document(id="d", score=0.5, text="joe@example.com")
    assert one(privacy(fields={"documents": "drop"}), documents=(document,)).documents == (
        replace(document, text=None),
    )
    assert one(privacy(fields={"documents": "keep"}), documents=(document,)).documents == (document,)
    assert (
        one(privacy(fields={"attributes": "drop"}), attributes={"a": 1}, parameters={"b": 2}).attributes == {}
    )
    assert one(privacy(fields={"attributes": "keep"}), attributes={"password": "x"}).attributes == {
        "password": "x"
    }
    assert one(
        privacy(fields={"user_id": "keep", "session_id": "drop"}), user_id="u", session_id="s"
    ) == span(user_id="u")
    content = SpanContent(
        content_id="c",
        trace_id="t",
        span_id="s",
        side="output",
        role="a",
        whole=True,
        at_ns=0,
        text="joe@example.com",
    )
    batch = Batch(contents=[content, replace(content, side="system")])
    assert [c.side for c in privacy(fields={"output_text": "drop"}).batch(batch).contents] == ["system"]
    record = QuarantinedRecord(
        file="f", line=1, source="s", reason="a = 'joe': bad", raw="joe@example.com", quarantined_at=AT
    )
    kept = privacy(fields={"quarantine": "keep"}).batch(Batch(quarantined=[record])).quarantined
    dropped = privacy(fields={"quarantine": "drop"}).batch(Batch(quarantined=[record])).quarantined
    assert kept == [record]
    assert (dropped[0].raw, dropped[0].reason) == ("", "a: bad")


def test_records_without_anything_are_the_same_objects() -> None:
    spans = [span(input_text="how do I cancel?", attributes={"a": "b", "n": [1, {"x": "y"}]}, cost_usd=0.1)]
    assert PLAIN.batch(Batch(spans=spans)).spans[0] is spans[0]
    found = PLAIN.batch(Batch(spans=[*spans, span(input_text="joe@example.com")]))
    assert found.spans[0] is spans[0]


def test_switched_off_nothing_happens() -> None:
    batch = Batch(spans=[span(input_text="joe@example.com", user_id="ada")])
    off = privacy(enabled=False)
    assert off.batch(batch) is batch
    assert off.text("joe@example.com") == "joe@example.com"
    assert off.hash_user("ada") == "ada"


def test_it_travels_to_another_process_and_does_the_same_there() -> None:
    batch = Batch(spans=[span(input_text="joe@example.com", user_id="ada")])
    before = PLAIN.batch(batch)
    assert pickle.loads(pickle.dumps(PLAIN)).batch(batch) == before


def test_overlapping_finds_give_one_tag_and_neighbours_one_each() -> None:
    assert PLAIN.text("https://joe:pw1@example.com/") == "https://[CREDENTIALS]@example.com/"
    assert PLAIN.text("joe@example.com,eve@example.com") == "[EMAIL],[EMAIL]"
    assert PLAIN.text("phone 467 3395, +1 212 555 0123") == "phone [PHONE], [PHONE]"


HOSTILE = [
    "a", "1", "1 ", "@", "a@", "a.", "+", "(", "password=", "eyJ", "sk-", "-----BEGIN PRIVATE KEY-----", "0x",
    "://a:", "GB82", "phone 12", '{"a":', "[", "\\n", "token: ", "٣", "\ud800",
]  # fmt: skip


def test_hostile_texts_take_no_time() -> None:
    began = time.process_time()
    for piece in HOSTILE:
        PLAIN.text(piece * (60_000 // len(piece)))
    assert time.process_time() - began < 5


PARTS = [
    "joe@example.com", "4111 1111 1111 1111", "phone", "467 3395", "password:", "hunter2", "[EMAIL]", "[",
    "]", "+49", "30 901820", "Bearer", "212-555-0123", "DE89370400440532013000", " ", "\n", '"', "{", "key=",
    "abc", "2026-03-01", "https://a:b1@c.d", "AKIAIOSFODNN7EXAMPLE", "ssn", "536-90-4399", "\\n", "//", "@",
    ".", "12345678Z",
]  # fmt: skip
TEXTS = (
    st.text(max_size=200)
    | st.lists(st.sampled_from(PARTS), max_size=12).map(" ".join)
    | st.lists(st.sampled_from("0123456789 -.()+@:/ab"), max_size=80).map("".join)
)


@given(TEXTS)
@settings(deadline=None, max_examples=120)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = PLAIN.text(text)
    assert PLAIN.text(once) == once


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_batches_are_idempotent_and_keep_their_shape(value: Any) -> None:
    batch = Batch(
        spans=[span(attributes={"value": value, "user.id": "ada"}, user_id="ada", output_text=str(value))]
    )
    once = PLAIN.batch(batch)
    assert PLAIN.batch(once) == once
    assert once.spans[0].trace_id == "t"
    json.dumps(once.spans[0].attributes)


WORDS = ["how", "do", "I", "reset", "my", "router", "after", "the", "storm", "please", "plan"]


@given(st.lists(st.sampled_from(WORDS)))
@settings(deadline=None, max_examples=50)
def test_words_are_never_touched(words: list[str]) -> None:
    text = " ".join(words)
    assert PLAIN.text(text) == text
