"""Windows of made-up traffic for the tests of the checks: every draw is seeded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import CheckSettings, Fitted, NotReady, Outcome, Reference, WindowSample
from monitors.result import Window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
ALPHA = 1.0 / (720 * 50)  # hourly windows of a month, fifty monitors
DIMENSION = 64


def hours(count: int, *, start: datetime = MONDAY, length: timedelta = timedelta(hours=1)) -> list[Window]:
    """Consecutive windows."""
    return [Window(start=start + i * length, end=start + (i + 1) * length) for i in range(count)]


def sample(window: Window, rows: NDArray[Any]) -> WindowSample:
    """A window with these rows: (k,) numbers or (k, d) embeddings."""
    shaped = rows[:, None] if rows.ndim == 1 else rows
    name = f"t{window.start:%d%H%M}"
    keys = tuple(f"{name}-{i}/s{i}" for i in range(len(shaped)))
    return WindowSample(window=window, n=len(shaped), rows=shaped, keys=keys)


def samples(windows: Sequence[Window], draw: Callable[[Window], NDArray[Any]]) -> list[WindowSample]:
    """One sample a window."""
    return [sample(window, draw(window)) for window in windows]


def drift(history: Sequence[WindowSample]) -> Reference:
    """Earlier production."""
    return Reference(kind="drift", name="production", windows=tuple(history))


def fitted(check: Any, reference: Reference, settings: CheckSettings | None = None) -> Fitted:
    """The check, fitted; the reference must be long enough."""
    made = check.fit(reference, settings=settings or CheckSettings(), seed=7)
    assert not isinstance(made, NotReady), made.reason
    return made


def watch(
    model: Fitted, series: Sequence[WindowSample], since: int, *, alpha: float = ALPHA
) -> list[Outcome]:
    """What the check says of every window from number `since` on."""
    return [model.evaluate(series[max(0, i - 23) : i + 1], alpha=alpha) for i in range(since, len(series))]


def topics(seed: int, count: int, *, dimension: int = DIMENSION) -> NDArray[np.float64]:
    """(count, dimension) centres of topics of length .7 that share a direction, as those of sentences do."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(dimension)
    own = rng.standard_normal((count, dimension))
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    return 0.35 * common / np.linalg.norm(common) + 0.6 * own


def texts(
    rng: np.random.Generator, centres: NDArray[np.float64], chosen: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Unit rows around the chosen topics."""
    noise = rng.standard_normal((len(chosen), centres.shape[1])) * (0.7 / np.sqrt(centres.shape[1]))
    rows = centres[chosen] + noise
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)
