"""The message itself: complete, within Slack's limits, and deaf to whatever a log says."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.alerting.notice import Notice
from monitors.notify.hostile import defused, one_line
from monitors.notify.slack_blocks import EXAMPLE, HEADER, SECTION, escaped, fit, message

GOLDEN = Path(__file__).resolve().parent.parent / "golden"

HOSTILE = (
    "<!channel> <!here> <@U123ABC> @here @everyone *bold* `code` <https://evil.example|click> "
    "https://evil.example www.evil.example mailto:a@b.c \u202egnp.exe\u202c \x1b[31m & \x00 " + "A" * 4000
)


def firing(**changes: Any) -> Notice:
    notice: Notice = {
        "kind": "firing",
        "incident_id": "0123456789ab",
        "chain": "support",
        "component": "generator",
        "cause": "latency",
        "severity": "page",
        "owner": "llm-team",
        "title": "Generator latency rose: p95 4.1 s against 1.9 s",
        "summary": "generator: latency rose (p95 4.1 s against 1.9 s) since about 2026-03-02 14:00 UTC.",
        "started_at": "2026-03-02T14:00:00+00:00",
        "started_at_low": "2026-03-02T13:40:00+00:00",
        "started_at_high": "2026-03-02T14:20:00+00:00",
        "detected_at": "2026-03-02T15:00:00+00:00",
        "resolved_at": None,
        "times_opened": 1,
        "monitor": "latency/support/generator/duration_s/drift",
        "measured": "p95 4.1 s against 1.9 s",
        "against_threshold": "2.16 against a threshold of 1.25 (ratio of p95)",
        "alerts": 3,
        "path": ["generator", "application"],
        "why": "generator changed while what it was given did not",
        "deploy": "generator model gpt-x-0613 (was gpt-x-0314) was deployed 12 min before it.",
        "ruled_out": "Ruled out: application, router, retriever, reranker, guardrail.",
        "examples": [
            {"text": "Your parcel is on its way & should arrive <soon>.", "why": "slowest"},
            {"text": HOSTILE, "why": "second slowest"},
            {"text": "a third one stays in the dashboard", "why": "third"},
        ],
        "links": {
            "incident": "http://localhost:8501/incident?incident=0123456789ab",
            "component": "http://localhost:8501/component?chain=support&component=generator",
        },
    }
    return {**notice, **changes}


RESOLVED: dict[str, Any] = {"kind": "resolved", "resolved_at": "2026-03-02T17:20:00+00:00"}


@pytest.mark.parametrize(("name", "changes"), [("slack_firing", {}), ("slack_resolved", RESOLVED)])
def test_golden_payloads(name: str, changes: dict[str, Any]) -> None:
    """CHAINWATCH_WRITE_GOLDEN=1 rewrites the files: look at the difference before you commit it."""
    payload = message(firing(**changes))
    path = GOLDEN / f"{name}.json"
    if os.environ.get("CHAINWATCH_WRITE_GOLDEN"):
        path.write_text(json.dumps(payload, indent=2, ensure_ascii=False) + "\n", "utf-8")
    assert payload == json.loads(path.read_text("utf-8"))


def texts(value: Any) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        if value.get("type") in ("plain_text", "mrkdwn"):
            yield value
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def shown(payload: dict[str, Any]) -> str:
    return "\n".join([payload["text"], *(t["text"] for t in texts(payload["blocks"]))])


def test_the_message_says_what_somebody_woken_needs() -> None:
    said = shown(message(firing()))
    for fact in (
        "Page: Generator latency rose: p95 4.1 s against 1.9 s",
        "Component generator",
        "chain support",
        "2.16 against a threshold of 1.25 (ratio of p95)",
        "latency/support/generator/duration_s/drift",
        "<!date^1772460000^{date_short_pretty} {time}|2026-03-02 14:00 UTC>",
        "was deployed 12 min before it",
        "Ruled out: application, router",
        "Your parcel is on its way &amp; should arrive &lt;soon&gt;.",
    ):
        assert fact in said, fact
    assert "a third one" not in said
    urls = [e["url"] for b in message(firing())["blocks"] if b["type"] == "actions" for e in b["elements"]]
    assert urls == list(firing()["links"].values())


def test_without_a_deploy_it_says_so() -> None:
    assert "No deploy explains this." in shown(message(firing(deploy=None)))


def test_the_resolve_message_is_short_and_says_how_long_it_lasted() -> None:
    payload = message(firing(**RESOLVED))
    assert "Resolved: Generator latency rose" in payload["text"]
    assert "It lasted 3 h 20 min." in shown(payload)
    assert len(payload["blocks"]) <= 5


def test_what_was_merged_is_not_called_resolved() -> None:
    payload = message(firing(**RESOLVED, merged_into="feedfeedfeed"))
    assert payload["text"].startswith("🔗 Merged: Generator latency")
    assert "It is not over: it is part of incident feedfeedfeed" in shown(payload)
    assert "It lasted" not in shown(payload)


def test_what_a_person_closed_says_who() -> None:
    assert "Closed by ada." in shown(message(firing(**RESOLVED, closed_by="ada")))


def test_an_update_says_what_was_thought_before() -> None:
    notice = firing(kind="update", previous={"component": "application", "severity": "ticket"})
    said = shown(message(notice))
    assert "It was put down to application (ticket); now generator (page)" in said


def test_a_relapse_says_that_it_came_back() -> None:
    assert "Page (again): " in message(firing(times_opened=2))["text"]


DATE = re.compile(r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|[0-9: -]+UTC>")


def harmless(payload: dict[str, Any]) -> None:
    """What must hold for every payload, whatever stood in the log."""
    blocks = payload["blocks"]
    assert len(blocks) <= 50
    assert all(blocks)
    size = 0
    for text in [{"type": "mrkdwn", "text": payload["text"]}, *texts(blocks)]:
        said = DATE.sub("", text["text"])
        size += len(text["text"])
        assert said
        assert "<" not in said
        assert ">" not in said
        assert re.sub(r"&(amp|lt|gt);", "", said).find("&") == -1
        assert not re.search(r"@\w", said)
        assert "://" not in said
        assert "www." not in said.lower()
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f-\x9f\ud800-\udfff]", said)
        if text["type"] == "plain_text":
            assert text["emoji"] is False
    for block in blocks:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= HEADER
        if block["type"] == "section":
            assert len(block["text"]["text"]) <= SECTION
        if block["type"] == "actions":
            assert len(block["elements"]) <= 25
            assert all(len(e["text"]["text"]) <= 75 and len(e["url"]) <= 3000 for e in block["elements"])
    assert size < 13_200
    json.dumps(payload).encode()


@pytest.mark.parametrize("kind", ["firing", "update", "resolved", "test"])
def test_a_hostile_log_is_harmless_wherever_it_gets_in(kind: str) -> None:
    places = (
        "chain",
        "component",
        "title",
        "summary",
        "owner",
        "monitor",
        "measured",
        "deploy",
        "ruled_out",
        "why",
    )
    changes: dict[str, Any] = dict.fromkeys(places, HOSTILE)
    changes["path"] = [HOSTILE] * 20
    changes["previous"] = {"component": HOSTILE, "severity": HOSTILE}
    harmless(message(firing(kind=kind, **changes)))


@given(st.text(max_size=400))
def test_any_text_is_harmless(text: str) -> None:
    harmless(
        message(firing(title=f"x {text}", examples=[{"text": text, "why": text}], component=f"c {text}"))
    )


@given(st.text(alphabet="<>&@a:/w. \u202e", max_size=400), st.integers(10, 200))
def test_a_cut_keeps_the_limit_and_breaks_no_entity(text: str, limit: int) -> None:
    said = fit(text, limit)
    assert len(said) <= limit
    assert "&" not in re.sub(r"&(amp|lt|gt);", "", said)


def test_examples_are_cut() -> None:
    said = [t["text"] for t in texts(message(firing())["blocks"]) if "AAAA" in t["text"]]
    assert len(said) == 1
    assert said[0].endswith("…")
    assert len(said[0]) < EXAMPLE * 2


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("<@U123>", "&lt;@\u2060U123&gt;"),
        ("@here", "@\u2060here"),
        ("https://evil.example/x", "https[:]//evil.example/x"),
        ("a\u202eb\u200fc", "abc"),
        ("line\nbreak\tand\x07bell", "line break andbell"),
        ("z" + "\u0301" * 50, "z\u0301\u0301"),
        ("&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;"),
        ("h\u200btt\u200bps://evil", "https[:]//evil"),
        ("مرحبا 你好 👍", "مرحبا 你好 👍"),
    ],
)
def test_escaping(text: str, safe: str) -> None:
    assert escaped(text) == safe


def test_markup_characters_are_literal_because_the_block_is_plain() -> None:
    blocks = message(firing(examples=[{"text": "*bold* _it_ `code` ~x~", "why": ""}]))["blocks"]
    [text] = [t for t in texts(blocks) if "bold" in t["text"]]
    assert text["type"] == "plain_text"


def test_one_line_and_defused_of_nothing() -> None:
    assert one_line(" \n\t ") == defused("") == ""


def test_dates_carry_their_own_fallback() -> None:
    start = datetime(2026, 3, 2, 14, tzinfo=UTC) - timedelta(hours=2)
    said = shown(message(firing(started_at=start.isoformat(), started_at_low=None, started_at_high=None)))
    assert f"<!date^{int(start.timestamp())}^" in said
    assert "|2026-03-02 12:00 UTC>" in said
