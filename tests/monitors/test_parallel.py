"""Shared out among processes the answers are the same, and a child that dies costs nothing but time."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitors.parallel import evaluate_batch, split
from monitors.result import Result, Window

START = datetime(2026, 3, 2, tzinfo=UTC)
WINDOWS = [Window(start=START + timedelta(hours=h), end=START + timedelta(hours=h + 1)) for h in range(3)]
HERE = os.getpid()


@dataclass(frozen=True)
class FakeStream:
    data: str


@dataclass(frozen=True)
class FakeCheck:
    name: str


@dataclass(frozen=True)
class FakeMonitor:
    check: FakeCheck
    stream: FakeStream
    kind: str
    name: str


@dataclass
class FakeEvaluator:
    """Answers with the number of the window and the process that it ran in."""

    dies: bool = False
    adopted: dict[str, tuple[Window, ...]] = field(default_factory=dict)

    def evaluate(self, window: Window, monitors: Any, *, share: frozenset[str] | None = None) -> list[Result]:
        if self.dies and os.getpid() != HERE:
            os._exit(9)
        return [result(m.name, window) for m in monitors if share is None or m.name in share]

    def references(self, share: frozenset[str]) -> dict[str, tuple[Window, ...]]:
        return dict.fromkeys(share, (WINDOWS[0],))

    def adopt(self, results: Any, references: dict[str, tuple[Window, ...]]) -> None:
        self.adopted.update(references)


def result(name: str, window: Window) -> Result:
    return Result(
        monitor=name,
        check_name="c",
        chain="c",
        component="c",
        field="f",
        reference_kind="drift",
        concern="input",
        window=window,
        status="ok",
        value=float(window.start.hour),
        reason="as ever",
        evidence={"elsewhere": os.getpid() != HERE},
    )


def monitors() -> list[FakeMonitor]:
    made = []
    for check, data, components in (
        ("mmd", "embedding", 3),
        ("distance", "embedding", 3),
        ("latency", "number", 5),
    ):
        for kind in ("drift", "skew"):
            made += [
                FakeMonitor(FakeCheck(check), FakeStream(data), kind, f"{check}/{kind}/{n}")
                for n in range(components)
            ]
    return made


def test_shares_hold_every_monitor_once_and_keep_a_check_together() -> None:
    shares = split(monitors(), 2)  # type: ignore[arg-type]
    assert sorted(name for share in shares for name in share) == sorted(m.name for m in monitors())
    for prefix in ("mmd/drift", "mmd/skew", "distance/drift", "latency/skew"):
        assert sum(any(name.startswith(prefix) for name in share) for share in shares) == 1
    # Four groups of 24 and two of 5: as even as it gets is 53 to 53.
    costs = [sum(8 if name[0] in "md" else 1 for name in share) for share in shares]
    assert costs == [53, 53]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("dies", [False, True])
def test_answers_do_not_depend_on_who_evaluates(workers: int, dies: bool) -> None:
    planned = [(window, monitors()[i:]) for i, window in enumerate(WINDOWS)]
    evaluator = FakeEvaluator(dies=dies)
    found = evaluate_batch(evaluator, planned, workers=workers)  # type: ignore[arg-type]
    assert [[(r.monitor, r.value) for r in results] for results in found] == [
        [(m.name, float(window.start.hour)) for m in some] for window, some in planned
    ]
    elsewhere = {r.monitor for results in found for r in results if r.evidence["elsewhere"]}
    assert bool(elsewhere) == (workers > 1 and not dies)
    assert set(evaluator.adopted) == elsewhere
