"""`chainwatch report`: Evidently's page, its figures against SciPy's, and no log text inside."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from judge_support import NOW, WordHashEncoder, span

from collectors.home import Home
from collectors.model import Document
from collectors.warehouse import Warehouse
from collectors.warehouse.store import insert_spans
from monitors.judges.grading import judged_spans, local_grades, write_grades
from monitors.report_cli import report

ATTACK = "</script><script>alert('log')</script>"
WEEK = timedelta(days=7)


@pytest.fixture
def durations(warehouse: Warehouse) -> tuple[list[float], list[float]]:
    """80 generator spans a week ago and 60 today, slower and longer; 20 of an evaluation set; an attack."""
    rng = np.random.default_rng(5)
    before, after = rng.exponential(1.0, 80).tolist(), rng.exponential(1.8, 60).tolist()
    spans = []
    for side, (start, values) in enumerate([(NOW - WEEK, before), (NOW, after)]):
        for i, value in enumerate(values):
            base = span(f"s{i}", "generator", "llm", 0.0)
            spans.append(
                replace(
                    base,
                    trace_id=f"{side}-{i}",
                    started_at=start + timedelta(minutes=i),
                    ended_at=start + timedelta(minutes=i, seconds=value),
                    duration_s=value,
                    input_text=f"What about plan {i}? {ATTACK}",
                    output_text="It is 5 euros. " * (2 + 3 * side + i % 3),
                    output_tokens=None if i % 10 == 0 else 20 + i,
                    documents=(Document(text="The plan is 5 euros."),),
                    model=f"m-{side} {ATTACK}",
                    status="ok",
                )
            )
    spans[3] = replace(spans[3], output_text="")
    spans[4] = replace(spans[4], output_text=None, status="error")
    spans += [replace(s, dataset="golden", trace_id=f"g-{s.trace_id}") for s in spans[:20]]
    with warehouse.write() as con:
        insert_spans(con, spans)
    with warehouse.read() as con:
        judged = judged_spans(con, NOW - 2 * WEEK, NOW + WEEK)
    with warehouse.write() as con:
        write_grades(con, local_grades(judged, WordHashEncoder(), NOW, None))
    return before, after


def call(home: Home, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    monkeypatch.setenv("CHAINWATCH_HOME", str(home.root))
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    home.config.write_text("", "utf-8")
    return CliRunner().invoke(report, ["--config", str(home.config), "--json", "--component", *options])


def test_ks_equals_scipy_and_texts_stay_out(
    durations: tuple[list[float], list[float]], home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from scipy.stats import ks_2samp

    out = tmp_path / "r.html"
    window = ["--current", "2026-03-02..2026-03-03", "--reference", "2026-02-23..2026-02-24"]
    found = call(home, monkeypatch, "generator", *window, "--method", "ks", "--out", str(out))
    assert found.exit_code == 0, found.output or found.exception
    told = json.loads(found.output)
    assert (told["reference"]["spans"], told["current"]["spans"]) == (80, 60)
    columns = {c["column"]: c for c in told["columns"]}
    before, after = durations
    assert columns["duration_s"]["value"] == pytest.approx(ks_2samp(before, after).pvalue, rel=1e-12)
    assert columns["duration_s"]["method"] == "ks"
    tokens = [[20 + i for i in range(n) if i % 10] for n in (80, 60)]
    assert columns["output_tokens"]["value"] == pytest.approx(ks_2samp(*tokens).pvalue, rel=1e-12)
    assert {"output_words", "output_characters", "input_sentences", "quality local groundedness"} <= set(
        columns
    )
    assert {"duration_s", "output_words"} <= set(told["drifted"])
    assert "time_to_first_token_s" not in columns, "nobody sent it"
    page = out.read_text("utf-8")
    assert "alert('log')" not in page
    assert "duration_s" in page
    assert os.environ["DO_NOT_TRACK"] == "1", "nothing is sent to Evidently"


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Evidently, where only the choice of spans is looked at."""
    monkeypatch.setattr("monitors.evidently_report.write_report", lambda *rows, **options: [])


@pytest.mark.usefixtures("undrawn")
def test_defaults_are_the_last_day_and_the_week_before(
    durations: tuple[list[float], list[float]], home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = json.loads(call(home, monkeypatch, "generator", "--out", str(tmp_path / "r.html")).output)
    assert (told["reference"]["spans"], told["current"]["spans"]) == (80, 60)


@pytest.mark.usefixtures("undrawn")
def test_against_an_evaluation_set_with_a_sample(
    durations: tuple[list[float], list[float]], home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = ["--reference-set", "golden", "--sample", "15", "--out", str(tmp_path / "r.html")]
    told = json.loads(call(home, monkeypatch, "generator", *options).output)
    assert (told["reference"]["spans"], told["reference"]["dataset"], told["current"]["spans"]) == (
        15,
        "golden",
        15,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["reader"], "--component 'reader': no production spans; choose one of: generator"),
        (["generator", "--current", "2020-01-01..2020-01-02"], "generator has no spans in production"),
        (["generator", "--current", "2020-01-01"], "give a range A..B"),
        (["generator", "--current", "2020-01-02..2020-01-01"], "the end must be after the start"),
        (["generator", "--out", "/nowhere/at/all.html"], "there is no folder"),
        (["generator", "--chain", "other"], "no production spans"),
    ],
)
def test_bad_use_is_explained(
    durations: tuple[list[float], list[float]],
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    message: str,
) -> None:
    found = call(home, monkeypatch, *options)
    assert message in str(found.exception)


def test_a_blank_text_is_of_length_zero_and_no_text_is_unknown() -> None:
    from monitors.evidently_report import CATEGORIES, NUMBERS, _frame, evidently_quietly

    base = dict.fromkeys((*NUMBERS, *CATEGORIES, "input_text", "scores"))
    with evidently_quietly():
        frame = _frame([base | {"output_text": text} for text in ("Two words.", "  ", None)])
    assert frame["output_words"].tolist()[:2] == [2.0, 0.0]
    assert frame["output_words"].isna().tolist() == [False, False, True]
    assert frame["output_non_letters_percent"].isna().tolist() == [False, True, True]
    assert frame["input_words"].isna().all()
