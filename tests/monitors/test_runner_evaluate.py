"""How windows, references and checks come together; with a check that says what it was given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
from run_world import HOUR, START

from monitors.checks.base import Outcome
from monitors.config import MonitorsConfig, WindowsConfig
from monitors.evaluate import Evaluator
from monitors.plan import Monitor
from monitors.result import Window
from monitors.streams import Stream
from monitors.summaries import Sample, SampleStore

STREAM = Stream("support", "generator", "duration_s")
CONFIG = WindowsConfig.model_validate({"reference": "1d", "gap": "0s"})


class Told:
    """A check in breach when the last window's first number is above 1; it remembers its questions."""

    name, title, kinds, data, default_on = "told", "Told", ("drift",), "number", True
    fields = frozenset({"*"})

    def __init__(self, answer: Callable[[], None] = lambda: None) -> None:
        self.references: list[tuple[str, list[int]]] = []
        self.taken: list[int] = []
        self._answer = answer

    def concern(self, field: str) -> str:
        return "latency"

    def fit(self, reference, *, settings, seed):
        hours = [(w.window.start - START) // HOUR for w in reference.windows]
        self.references.append((reference.name, hours))
        return self

    def evaluate(self, recent, *, alpha):
        self._answer()
        self.taken.append(len(recent))
        value = float(recent[-1].rows[0, 0])
        return Outcome(
            status="breach" if value > 1 else "ok",
            value=value,
            threshold=1.0,
            reason="told",
            detectable=lambda: {"said": "much"},
        )


def window(hour: int) -> Window:
    return Window(start=START + hour * HOUR, end=START + (hour + 1) * HOUR)


def evaluator(
    values: dict[int, float], breaches: set[int] = frozenset(), last: Window | None = None
) -> Evaluator:
    store = SampleStore(timedelta(hours=1))
    store.add(
        Sample(
            stream=STREAM,
            window=window(hour),
            basis="s",
            n=1,
            n_missing=0,
            rows=np.array([[value]]),
            keys=("t/s",),
            seed=0,
        )
        for hour, value in values.items()
    )
    return Evaluator(
        store=store,
        pools={},
        breaches={"told/support/generator/duration_s/drift": {window(h).start for h in breaches}},
        windows=CONFIG,
        monitors=MonitorsConfig(),
        seed=0,
        last=last,
    )


def ask(made: Evaluator, check: Told, hours: range):
    monitor = Monitor(check=check, stream=STREAM, kind="drift")
    return [made.evaluate(window(h), [monitor])[0] for h in hours]


def test_a_breach_that_is_over_is_not_told_again_by_the_windows_that_held_it():
    values = dict.fromkeys(range(60), 0.0) | {40: 2.0, 41: 2.0}
    check = Told()
    results = ask(evaluator(values), check, range(39, 46))
    assert [r.status for r in results] == ["ok", "breach", "breach", "ok", "ok", "ok", "ok"]
    # The first window after the breach may still belong to it; the second begins anew.
    assert check.taken == [24, 24, 24, 24, 2, 3, 4]


def test_what_would_be_seen_is_told_in_breaches_and_in_the_last_window_of_a_run():
    values = dict.fromkeys(range(60), 0.0) | {40: 2.0}
    for last, told in ((window(42), [False, True, False, True]), (None, [True] * 4)):
        results = ask(evaluator(values, last=last), Told(), range(39, 43))
        assert ["detectable" in r.evidence for r in results] == told


def test_the_reference_is_learnt_once_a_day_and_leaves_breaches_out():
    check = Told()
    ask(evaluator(dict.fromkeys(range(72), 0.0), breaches={30, 31}), check, range(48, 72))
    assert len(check.references) == 1
    name, hours = check.references[0]
    assert name == "production 2026-03-03 .. 2026-03-04"
    assert hours == [h for h in range(24, 48) if h not in (30, 31)]


def test_when_most_of_the_reference_is_in_breach_it_is_the_new_level():
    check = Told()
    results = ask(evaluator(dict.fromkeys(range(72), 0.0), breaches=set(range(30, 48))), check, range(48, 49))
    name, hours = check.references[0]
    assert name.endswith("the new level")
    assert hours == list(range(30, 48))
    assert results[0].reference_name == name


def test_a_check_that_fails_is_an_error_and_the_others_go_on():
    def fail() -> None:
        raise ZeroDivisionError("by zero")

    made = evaluator(dict.fromkeys(range(50), 0.0))
    broken = Monitor(check=Told(fail), stream=STREAM, kind="drift")
    other = Told()
    other.name = "other"
    sound = Monitor(check=other, stream=STREAM, kind="drift")
    first, second = made.evaluate(window(48), [broken, sound])
    assert (first.status, first.value) == ("error", None)
    assert "ZeroDivisionError: by zero" in first.reason
    assert second.status == "ok"


def test_a_value_that_is_no_number_is_an_error():
    results = ask(evaluator(dict.fromkeys(range(48), 0.0) | {48: float("inf")}), Told(), range(48, 49))
    assert results[0].status == "error"
    assert "inf" in results[0].reason


def test_samples_of_another_basis_are_no_reference():
    made = evaluator(dict.fromkeys(range(48), 0.0))
    tokens = Sample(
        stream=STREAM,
        window=window(48),
        basis="ms",
        n=1,
        n_missing=0,
        rows=np.zeros((1, 1)),
        keys=("t/s",),
        seed=0,
    )
    made._store.add([tokens])
    check = Told()
    ask(made, check, range(48, 49))
    assert check.references[0][1] == []
