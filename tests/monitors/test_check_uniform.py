"""Streams in which nearly every text is the same: embeddings hold their peace, lengths speak."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, NotReady, Reference, WindowSample
from monitors.noise_change import locate
from monitors.result import Window

START = datetime(2026, 3, 2, tzinfo=UTC)


def windows(count: int, rare: float, *, dimension: int, value: float = 13.0) -> tuple[WindowSample, ...]:
    """Verdicts of a guardrail: 'pass', and now and then something else."""
    rng = np.random.default_rng(4)
    made = []
    for hour in range(count):
        rows = rng.random(25) < rare
        if dimension > 1:
            data = np.where(rows[:, None], np.eye(dimension)[1], np.eye(dimension)[0]).astype(np.float32)
        else:
            data = np.where(rows, value, 1.0)[:, None]
        at = START + timedelta(hours=hour)
        window = Window(start=at, end=at + timedelta(hours=1))
        made.append(
            WindowSample(window=window, n=25, rows=data, keys=tuple(f"t{hour}/{i}" for i in range(25)))
        )
    return tuple(made)


@pytest.mark.parametrize("name", ["embedding_distance", "energy_distance", "mmd"])
def test_embeddings_say_why_they_cannot_tell(name: str) -> None:
    reference = Reference(kind="drift", name="r", windows=windows(72, 0.002, dimension=8), pool=None)
    fitted = CHECKS.get(name).fit(reference, settings=CheckSettings(), seed=0)
    assert isinstance(fitted, NotReady)
    assert "one and the same" in fitted.reason
    varied = Reference(kind="drift", name="r", windows=windows(72, 0.5, dimension=8), pool=None)
    assert not isinstance(CHECKS.get(name).fit(varied, settings=CheckSettings(), seed=0), NotReady)


def test_lengths_of_nearly_constant_texts_are_quiet_until_they_change() -> None:
    check = CHECKS.get("token_length")
    history = windows(96, 0.002, dimension=1)
    reference = Reference(kind="drift", name="r", windows=history[:72], pool=None)
    fitted = check.fit(reference, settings=CheckSettings(), seed=0)
    assert not isinstance(fitted, NotReady)
    for end in range(74, 97):
        outcome = fitted.evaluate(history[end - 2 : end], alpha=1e-5)
        assert outcome.status == "ok", outcome.reason
    blocked = [
        WindowSample(window=w.window, n=25, rows=np.full_like(w.rows, 13.0), keys=w.keys)
        for w in history[-2:]
    ]
    # A window is worked out once in a fit: another day's fit sees the other rows.
    other = check.fit(reference, settings=CheckSettings(), seed=0)
    assert not isinstance(other, NotReady)
    assert other.evaluate([*history[-6:-2], *blocked], alpha=1e-5).status == "breach"


def test_a_change_that_was_always_there_is_not_dated() -> None:
    hours = [w.window for w in windows(6, 0.0, dimension=1)]
    found = locate(hours, np.full(6, 2.0), np.full(6, 0.01))
    assert (found.low, found.high) == (hours[0].start, hours[-1].end)
