"""A judge that drifts from people, replies that cannot be read, and one judge against the others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from check_traffic import ALPHA, drift, fitted, hours, sample, samples, watch
from judge_support import NOW, SHARED, judged, span, warehouse_with
from numpy.typing import NDArray

from collectors.warehouse.store import insert
from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings
from monitors.judges.base import Stamp
from monitors.judges.spans import write_grades
from monitors.sampling_names import extras, read_names
from monitors.streams import UNREAD, VERDICT, split_verdict, verdict_row

CHECK = CHECKS.get("judge_agreement")
Draw = Callable[[np.random.Generator], tuple[Any, Any]]


def rows(
    rng: np.random.Generator, count: int, draw: Draw, who: str = "llm/ok", against: str = "people"
) -> NDArray[Any]:
    made = np.empty(count, dtype=object)
    made[:] = [verdict_row(who, against, *map(str, draw(rng))) for _ in range(count)]
    return made


def honest(rng: np.random.Generator) -> tuple[int, int]:
    right = int(rng.integers(0, 4))
    return (right if rng.random() < 0.8 else int(rng.integers(0, 4))), right


def kind(rng: np.random.Generator) -> tuple[int, int]:
    """A grade too good in six cases of ten."""
    right = int(rng.integers(0, 4))
    return min(3, right + int(rng.random() < 0.6)), right


def xstest(model: str) -> list[tuple[str, str]]:
    path = SHARED / "xstest" / "xstest.jsonl.gz"
    if not path.exists():
        pytest.skip("no xstest in ../shared/data")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    return [(r["gpt4_judge"][:30], r["human"]) for r in found if r["model"] == model]


@pytest.mark.parametrize("a_window", [30, 60])
def test_it_fires_where_the_judge_of_xstest_loses_touch(a_window: int) -> None:
    """GPT-4 as the judge of refusals: kappa .87 on one model's answers, .06 on another's."""
    rng = np.random.default_rng(0)
    good, bad = xstest("gpt4"), xstest("mistralinstruct")

    def of(pairs: list[tuple[str, str]], count: int) -> NDArray[Any]:
        return rows(rng, count, lambda r: pairs[int(r.integers(0, len(pairs)))])

    windows = hours(44)
    before = samples(windows[:36], lambda w: of(good, 12))
    after = samples(windows[36:], lambda w: of(bad, a_window))
    model = fitted(CHECK, drift(before))
    quiet = watch(model, samples(windows[:36], lambda w: of(good, 12)), 30)
    assert {o.status for o in quiet} == {"ok"}
    # A window of another model's answers fires by itself.
    first = model.evaluate([*before[-23:], after[0]], alpha=ALPHA)
    assert first.status == "breach"
    assert first.unit == "kappa"
    assert first.value is not None
    assert first.value < 0.4
    assert "llm/ok with people: kappa" in first.reason
    assert first.evidence["examples"][0]["why"].endswith("by people")


def test_a_judge_that_becomes_kinder_fires_and_one_that_does_not_is_quiet() -> None:
    rng = np.random.default_rng(1)
    windows = hours(90)
    series = samples(windows, lambda w: rows(rng, 20, honest))
    model = fitted(CHECK, drift(series[:60]))
    assert {o.status for o in watch(model, series, 60)} == {"ok"}
    changed = sample(windows[-1], rows(rng, 60, kind))
    assert model.evaluate([*series[-24:-1], changed], alpha=ALPHA).status == "breach"


def test_false_alarms_are_as_rare_as_promised() -> None:
    rng = np.random.default_rng(2)
    model = fitted(CHECK, drift(samples(hours(48), lambda w: rows(rng, 15, honest))))
    told = watch(model, samples(hours(150), lambda w: rows(rng, 25, honest)), 0, alpha=0.01)
    judged_windows = [o for o in told if o.p_value is not None]
    # One in a hundred is promised and the check is careful; four of 150 leave room for chance.
    assert sum(o.p_value <= 0.01 for o in judged_windows if o.p_value is not None) <= 4


def test_replies_that_cannot_be_read_and_one_judge_of_three() -> None:
    rng = np.random.default_rng(3)

    def both(unread: float, draw: Draw) -> NDArray[Any]:
        replies = rows(
            rng, 30, lambda r: ("unread" if r.random() < unread else "read", "read"), "llm", UNREAD
        )
        return np.concatenate([replies, rows(rng, 30, draw, "b/ok", "the other judges")])

    series = samples(hours(48), lambda w: both(0.02, honest))
    model = fitted(CHECK, drift(series))
    last = hours(49)[-1]
    silent = model.evaluate([*series[-23:], sample(last, both(0.5, honest))], alpha=ALPHA)
    assert silent.status == "breach"
    assert silent.unit == "readable replies"
    assert silent.evidence["judge"] == "llm"
    apart = model.evaluate(
        [*series[-23:], sample(last, both(0.02, lambda r: (3, int(r.integers(0, 4)))))], alpha=ALPHA
    )
    assert apart.status == "breach"
    assert (apart.evidence["judge"], apart.evidence["against"]) == ("b/ok", "the other judges")


def test_the_margin_is_the_least_that_matters() -> None:
    rng = np.random.default_rng(4)
    series = samples(hours(48), lambda w: rows(rng, 30, honest))
    changed = sample(hours(49)[-1], rows(rng, 60, kind))
    model = fitted(CHECK, drift(series), CheckSettings(margin=0.95))
    assert model.evaluate([*series[-23:], changed], alpha=ALPHA).status == "ok"


def test_a_judge_without_a_past_is_no_data() -> None:
    rng = np.random.default_rng(5)
    model = fitted(CHECK, drift(samples(hours(48), lambda w: rows(rng, 30, honest))))
    new = sample(hours(49)[-1], rows(rng, 40, honest, who="new/ok"))
    assert "no judge has 20 verdicts now and 30 before" in model.evaluate([new], alpha=ALPHA).reason


def test_verdicts_are_read_of_the_warehouse(tmp_path: Path) -> None:
    """Three judges, one person, one reply that could not be read: in the hour of the later one."""
    one = replace(span("root", "assistant", "chain", 0), parent_span_id=None)
    warehouse = warehouse_with(tmp_path, [one])
    item = judged(span_id="root", component="assistant")
    grades = []
    for judge, score in {"a": 3.0, "b": 2.0, "c": 0.0}.items():
        stamp = Stamp(
            judge=judge, judge_kind="llm", judge_version="1", rubric="r", rubric_version="1", graded_at=NOW
        )
        grades += [stamp.grade(item, "correctness", score=score)]
        overall = {"score": score} if judge != "c" else {"reason": "refused by the judge"}
        grades += [stamp.grade(item, "overall", **overall)]
    hour = timedelta(hours=1)
    label = {
        "annotation_id": "x", "trace_id": "t1", "span_id": "root", "author": "ada", "author_kind": "human",
        "name": "correctness", "score": 2.0, "created_at": NOW, "source": "x", "ingested_at": NOW + 2 * hour,
    }  # fmt: skip
    with warehouse.write() as con:
        write_grades(con, grades)
        insert(con, "annotations", [label])
    bounds = {"start": NOW - hour, "end": NOW + 3 * hour, "dataset": "production", "seed": 1, "cap": 100}
    with warehouse.read() as con:
        raw = read_names(con, frozenset({VERDICT}), bounds | {"length_us": 3_600_000_000})
    found = list(extras(frozenset({VERDICT}), raw, numbers={}, texts={}, counts={}))
    first, second = (sorted(split_verdict(row) for row in extra.rows) for extra in found)
    others = "the other judges"
    assert first == [
        (("a", UNREAD), "read", "read"),
        (("a/correctness", others), "3.0", "0.0"),
        (("b", UNREAD), "read", "read"),
        (("b/correctness", others), "2.0", "0.0"),
        (("c", UNREAD), "unread", "read"),
        (("c/correctness", others), "0.0", "2.0"),
    ]
    assert second == [
        (("a/correctness", "people"), "3.0", "2.0"),
        (("b/correctness", "people"), "2.0", "2.0"),
        (("c/correctness", "people"), "0.0", "2.0"),
    ]
    assert found[1].place[2] - found[0].place[2] == 2
