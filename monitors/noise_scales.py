"""Which windows are taken together: several lengths at once, so that a small slow change and a large sudden
one are both found. Each length is one test, and the promise is divided among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import CheckSettings, Outcome, Reference, WindowSample

Floats = NDArray[np.float64]

RECENT_SHARE = 8  # a change still goes on if the last eighth of its windows shows it
STILL_THERE = 0.5  # ... at half its size or more


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One length: `windows` asked for, and the samples with rows among them."""

    windows: int
    samples: tuple[WindowSample, ...]

    @property
    def rows(self) -> int:
        """Rows that the test uses."""
        return sum(len(s.rows) for s in self.samples)

    @property
    def requests(self) -> int:
        """Rows that the windows had, sampled or not."""
        return sum(s.n for s in self.samples)


def scales_of(recent: Sequence[WindowSample], settings: CheckSettings, *, skew: bool) -> list[Scale]:
    """The lengths that can be tested now: enough rows, and no two with the same windows.

    For skew one length only: the windows that cover `settings.skew_span`.
    """
    if skew:
        span = settings.skew_span
        wanted: tuple[int, ...] = (
            min(
                settings.scales[-1], sum(1 for s in recent if recent[-1].window.end - s.window.start <= span)
            ),
        )
    else:
        wanted = settings.scales
    found: list[Scale] = []
    for windows in wanted:
        if windows > len(recent) and found and found[-1].windows >= len(recent):
            break
        samples = tuple(s for s in recent[-max(windows, 1) :] if len(s.rows))
        scale = Scale(windows=min(max(windows, 1), len(recent)), samples=samples)
        if scale.rows >= settings.min_rows:
            found.append(scale)
    return found


def no_rows(recent: Sequence[WindowSample], settings: CheckSettings, reference_rows: int) -> Outcome:
    """The answer when no length has enough rows: what is missing, in words."""
    have = sum(len(s.rows) for s in recent[-settings.scales[-1] :])
    return Outcome(
        status="no_data",
        reason=f"{have} rows in the last {min(len(recent), settings.scales[-1])} windows; "
        f"{settings.min_rows} are needed",
        n_current=sum(s.n for s in recent[-settings.scales[-1] :]),
        n_reference=reference_rows,
        n_sampled=have,
    )


def missing(reference: Reference, settings: CheckSettings) -> str | None:
    """Why the reference cannot be used yet, or None."""
    if reference.kind == "skew":
        have = 0 if reference.pool is None else len(reference.pool)
        if have >= settings.min_pool_rows:
            return None
        return f"the evaluation set {reference.name} has {have} rows; {settings.min_pool_rows} are needed"
    used = [w for w in reference.windows if len(w.rows)]
    rows = sum(len(w.rows) for w in used)
    if len(used) >= settings.min_reference_windows and rows >= settings.min_reference_rows:
        return None
    need = max(
        settings.min_reference_windows - len(used),
        int(np.ceil((settings.min_reference_rows - rows) / (rows / len(used)))) if rows else 0,
    )
    when = ""
    if used:
        length = used[-1].window.end - used[-1].window.start
        ready = used[-1].window.end + need * length
        when = f"; at this rate it is ready about {ready:%Y-%m-%d %H:%M} UTC"
    return (
        f"the reference has {len(used)} windows with {rows} rows; "
        f"{settings.min_reference_windows} windows and {settings.min_reference_rows} rows are needed{when}"
    )


def latest(scale: Scale) -> int:
    """How many of `scale.samples` make its last eighth of windows, at least one."""
    wanted = max(1, scale.windows // RECENT_SHARE)
    start = scale.samples[-1].window.end - wanted * (
        scale.samples[-1].window.end - scale.samples[-1].window.start
    )
    return max(1, sum(1 for s in scale.samples if s.window.start >= start))
