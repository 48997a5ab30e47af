"""Texts, names and languages: read and kept only where a check that is switched on asks for them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import tiny_encoder
from empty_warehouse import empty_warehouse
from run_world import HOUR, START, rows, store, traffic

from collectors.config import parse
from collectors.context import Context
from collectors.home import Home
from collectors.model import Span
from collectors.retention.sampled import without_vectors
from collectors.text_rows import pack, unpack
from monitors.checks import CHECKS
from monitors.config import MonitorsConfig
from monitors.plan import asked_for
from monitors.result import Window
from monitors.runner import run_pass
from monitors.streams import OPTIONAL_FIELDS, Stream
from monitors.summaries import Sample, compact, read_samples, write_samples

GRACE = timedelta(minutes=6)
CONFIG = """
[windows]
reference = "1d"
gap = "0s"
[embedding]
sample_per_window = 32
[monitors]
"""


def world(home: Home, **switched_on: str) -> Context:
    """A context in which only these checks run; the value of each is more of its table."""
    tiny_encoder.install(home)
    tables = [
        f"[monitors.{name}]\nenabled = {str(name in switched_on).lower()}\n{switched_on.get(name, '')}\n"
        for name in CHECKS.names()
    ]
    config = parse(CONFIG + "".join(tables), "chainwatch.toml")
    context = Context(home=home, config=config, clock=lambda: START + 60 * HOUR)
    empty_warehouse(home.warehouse)
    return context


def kept(context: Context) -> set[str]:
    return {row["field"] for row in rows(context, "SELECT DISTINCT field FROM samples")}


def breaches(context: Context, field: str) -> list[dict[str, object]]:
    found = rows(
        context,
        "SELECT component, reason, window_start, evidence FROM results WHERE status = 'breach' "
        f"AND field = '{field}' ORDER BY window_start, component",
    )
    return [row | {"evidence": json.loads(row["evidence"])} for row in found]


def test_nobody_pays_for_what_nobody_watches(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitors import sampling_names

    def refused(*_: object) -> None:
        raise AssertionError("read without need")

    monkeypatch.setattr(sampling_names, "fetch", refused)
    context = world(home, latency="")
    store(context, traffic(range(3)))
    assert run_pass(context, now=START + 3 * HOUR + GRACE).errors == 0
    assert not kept(context) & set(OPTIONAL_FIELDS)


def test_what_is_asked_for_follows_the_tables() -> None:
    checks = [CHECKS.get("category_mix"), CHECKS.get("vocabulary")]
    config = MonitorsConfig.model_validate(
        {"category_mix": {"fields": ["model"]}, "vocabulary": {"fields": ["out*"]}}
    )
    assert asked_for(checks, config) == {"model", "output_words"}
    assert asked_for([CHECKS.get("latency")], config) == set()


def test_another_model_is_a_breach_of_its_component_alone(home: Home) -> None:
    context = world(home, category_mix="")
    spans = [*traffic(range(30), a_window=30), *traffic(range(30, 33), a_window=30, model="small-2")]
    store(context, spans)
    assert run_pass(context, now=START + 33 * HOUR + GRACE).errors == 0
    found = breaches(context, "model")
    assert {row["component"] for row in found} == {"generator"}
    first = found[0]
    assert first["window_start"] == START + 30 * HOUR
    assert "small-2 (new): 100.0%" in str(first["reason"])
    evidence = first["evidence"]
    assert isinstance(evidence, dict)
    assert evidence["current"]["small-2"] == 1.0
    assert evidence["examples"][0]["text"] == "thanks card"
    assert evidence["versions"]["model"]["after"] == "small-2"
    assert kept(context) >= {"model", "error_type"}


def test_new_words_are_told_with_their_texts(home: Home) -> None:
    context = world(home, vocabulary="", new_terms="", oov_share="")
    spans = [
        *traffic(range(30), a_window=30),
        *traffic(range(30, 36), a_window=30, words="esim activation broken"),
    ]
    store(context, spans)
    assert run_pass(context, now=START + 36 * HOUR + GRACE).errors == 0
    found = breaches(context, "input_words")
    assert {row["window_start"] for row in found} >= {START + 31 * HOUR}
    terms = [row["evidence"].get("terms", {}).get("new", []) for row in found]  # type: ignore[attr-defined]
    assert {"esim", "activation", "broken"} <= {t["term"] for some in terms for t in some}
    assert all("esim" in row["evidence"]["examples"][0]["text"] for row in found)  # type: ignore[index]
    assert not breaches(context, "output_words")


def test_tools_belong_to_the_component_that_calls_them(home: Home) -> None:
    context = world(home, category_mix='fields = ["tool"]')
    spans = traffic(range(4), a_window=6)
    calls = [
        replace(s, span_id="t", parent_span_id="a", kind="tool", component="search_orders", output_text="x")
        for s in spans
        if s.component == "retriever"
    ]
    store(context, [*spans, *calls])
    run_pass(context, now=START + 4 * HOUR + GRACE)
    told = rows(context, "SELECT component, n, rows FROM samples WHERE field = 'tool' ORDER BY window_start")
    assert [(row["component"], row["n"]) for row in told] == [("assistant", 6)] * 4
    assert unpack(told[0]["rows"]) == ["search_orders"] * 6


def test_errors_and_finish_reasons_by_name(home: Home) -> None:
    context = world(home, category_mix="")
    changes: dict[str, dict[str, Any]] = {
        "assistant": {},
        "generator": {"attributes": {"gen_ai.response.finish_reasons": ["length"]}},
        "retriever": {"status": "error", "error_type": "Timeout"},
    }
    store(context, [replace(s, **changes[s.component]) for s in traffic(range(2), a_window=6)])
    run_pass(context, now=START + 2 * HOUR + GRACE)
    hour = "window_start = '2026-03-02T00:00Z'"
    told = rows(context, f"SELECT component, field, rows FROM samples WHERE {hour}")
    by = {(row["component"], row["field"]): row["rows"] for row in told}
    assert unpack(by["generator", "finish_reason"]) == ["length"] * 6
    assert unpack(by["retriever", "error_type"]) == ["Timeout"] * 6
    assert unpack(by["assistant", "error_type"]) == ["no error"] * 6
    assert ("assistant", "finish_reason") not in by


def test_refusals_are_a_share_of_answers(home: Home) -> None:
    context = world(home, refusal_rate="")
    spans = traffic(range(33), a_window=30)
    refused = "I'm sorry, but I can't help with that request."

    def answered(span: Span) -> Span:
        late = span.started_at >= START + 30 * HOUR and span.started_at.minute % 3 == 0
        return replace(span, output_text=refused) if late and span.component == "generator" else span

    store(context, [answered(s) for s in spans])
    assert run_pass(context, now=START + 33 * HOUR + GRACE).errors == 0
    found = breaches(context, "refusal")
    assert {row["component"] for row in found} == {"generator"}
    assert found[0]["evidence"]["examples"][0]["text"] == refused  # type: ignore[index]


def test_another_language_is_told_in_a_whole_pass(home: Home) -> None:
    pytest.importorskip("py3langid", reason="languages need the package py3langid")
    context = world(home, language_mix="")
    english = "I would like to know when my router will arrive"
    spanish = "me gustaría saber cuándo va a llegar el pedido"
    store(
        context,
        [
            *traffic(range(30), a_window=30, words=english),
            *traffic(range(30, 33), a_window=30, words=spanish),
        ],
    )
    assert run_pass(context, now=START + 33 * HOUR + GRACE).errors == 0
    found = breaches(context, "input_language")
    assert {row["component"] for row in found} == {"assistant", "retriever", "generator"}
    assert found[0]["evidence"]["current"]["es"] > 0.9  # type: ignore[index]
    assert spanish in found[0]["evidence"]["examples"][0]["text"]  # type: ignore[index]


def strings(values: list[str | None], field: str = "model") -> Sample:
    stream = Stream("support", "generator", field)
    return Sample(
        stream=stream,
        window=Window(start=START, end=START + HOUR),
        basis="names",
        n=len(values),
        n_missing=0,
        rows=compact(np.array(values, dtype=object), stream),
        keys=tuple(f"t{i}/s" for i in range(len(values))),
        seed=0,
    )


def test_strings_come_back_as_they_were_and_gaps_are_left_out(home: Home) -> None:
    context = world(home)
    hostile = ["a", None, "\x00\ud800", "'; DROP TABLE samples; --"]
    number = replace(
        strings(["x"] * 4), stream=Stream("support", "generator", "status"), rows=np.zeros((4, 1))
    )
    with context.warehouse.write() as con:
        write_samples(con, [strings(hostile), number], [Window(start=START, end=START + HOUR)])
        back = {s.stream.field: s for s in read_samples(con, START, START + HOUR)}
    sample = back["model"]
    assert list(sample.rows[:, 0]) == hostile
    assert sample.digest == strings(hostile).digest != strings(["a"]).digest
    assert sample.kept == 3
    assert sample.as_window_sample().keys == ("t0/s", "t2/s", "t3/s")


def test_a_forgotten_text_leaves_the_samples(home: Home) -> None:
    context = world(home)
    with context.warehouse.write() as con:
        write_samples(con, [strings(["hers", "his"], "input_words")], [Window(start=START, end=START + HOUR)])
        con.execute("CREATE TEMP TABLE gone AS SELECT 't0' AS trace_id")
        assert without_vectors(con, count=False) == 1
    left = rows(context, "SELECT rows, keys FROM samples")
    assert (unpack(left[0]["rows"]), left[0]["keys"]) == (["his"], ["t1/s"])
    assert pack(["his"]) == left[0]["rows"]
