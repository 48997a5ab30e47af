"""What a monitor can see: the smallest change that it finds four times in five within an hour, a day, a week.

It follows from the monitor's own null, margin and rule of resolving, for a change that comes suddenly and
lasts, at the rate of requests of the last windows. After a day it begins to enter the reference, and
so what is not found in the first days is hardly found later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.noise_scales import Scale

Floats = NDArray[np.float64]

FOUND = 0.8
HORIZONS_H = {"hour": 1.0, "day": 24.0, "week": 168.0}
_ARTICLES = {"hour": "an hour", "day": "a day", "week": "a week"}
# Of the default reference: when a change begins to be learnt, and how long that takes.
_GAP_H, _REFERENCE_H = 24.0, 168.0
_SIZES = 80


@dataclass(frozen=True, kw_only=True)
class Look:
    """One length of time that is tested. `chance` maps sizes of a change (..., S) to the chances that one
    test of so many windows finds them, in the same shape.
    """

    hours: float
    chance: Callable[[Floats], Floats]


def hours_of(scale: Scale) -> float:
    """The time that a length covers, whether or not all of its windows had rows."""
    window = scale.samples[-1].window
    return scale.windows * (window.end - window.start).total_seconds() / 3600.0


def longest_of(scales: Sequence[Scale]) -> list[int]:
    """Indices of the lengths that matter: the longest one of each horizon."""
    hours = [hours_of(scale) for scale in scales]
    fitting = [[i for i, h in enumerate(hours) if h <= horizon] for horizon in HORIZONS_H.values()]
    return sorted({max(some, key=lambda i: hours[i]) for some in fitting if some})


def smallest(looks: Sequence[Look], *, most: float) -> dict[str, float | None]:
    """By horizon, the smallest size up to `most` that is found with chance `FOUND`; None if there is none.

    A horizon shorter than the shortest look is left out. Days are looks of their own; within a day, whose
    windows share their wander, the last of each length is all that counts. Of the lengths the best is taken.

    >>> step = Look(hours=24.0, chance=lambda sizes: (sizes >= 0.1).astype(float))
    >>> {k: round(v, 2) for k, v in smallest([step], most=1.0).items()}
    {'day': 0.1, 'week': 0.1}
    """
    sizes = most * np.geomspace(1e-3, 1.0, _SIZES)
    found: dict[str, float | None] = {}
    for name, horizon in HORIZONS_H.items():
        used = [look for look in looks if look.hours <= horizon]
        if used:
            chances = np.maximum.accumulate(np.max([_within(k, horizon, sizes) for k in used], axis=0))
            first = int(np.searchsorted(chances, FOUND))
            found[name] = None if first == _SIZES else _between(sizes, chances, first)
    return found


def _between(sizes: Floats, chances: Floats, first: int) -> float:
    """Where the chance passes FOUND, between two sizes of the grid."""
    if first == 0:
        return float(sizes[0])
    low, high = chances[first - 1], chances[first]
    share = (FOUND - low) / (high - low)
    return float(sizes[first - 1] ** (1.0 - share) * sizes[first] ** share)


def _within(look: Look, horizon: float, sizes: Floats) -> Floats:
    """(S,) chances that changes of these sizes are found in this time by tests of one length."""
    step = max(look.hours, min(horizon, 24.0))
    ends = np.arange(step, horizon + 1e-9, step)
    learnt = np.clip((ends - _GAP_H - look.hours / 2.0) / _REFERENCE_H, 0.0, 1.0)
    missed: Floats = (1.0 - look.chance(np.outer(1.0 - learnt, sizes))).prod(axis=0)
    return 1.0 - missed


def exceeds(mean: Floats, sd: Floats, threshold: Floats | float) -> Floats:
    """(S, ...) chances of normal values above `threshold`."""
    from scipy.special import ndtr

    return np.asarray(ndtr((mean - threshold) / np.maximum(sd, 1e-300)), dtype=np.float64)


def said(sizes: dict[str, float | None], per_hour: float, *, rows: str, change: str, size: str) -> str:
    """The sentence for people. change: with a place for the size, size: how that is written.

    >>> sizes = {"hour": 0.3, "day": 0.08, "week": 0.08}
    >>> said(sizes, 120.4, rows="texts", change="a new topic of {}", size="{:.0%}")
    'with 120 texts an hour, a new topic of 30% within an hour, 8% within a day'
    """
    parts: list[str] = []
    before = None
    for name, found in sizes.items():
        written = None if found is None else size.format(found)
        if written is not None and written != before:
            parts.append(f"{written if parts else change.format(written)} within {_ARTICLES[name]}")
        before = written
    start = f"with {per_hour:.0f}" if per_hour >= 10 else f"with {per_hour:.2g}"
    start = f"{start} {rows} an hour, "
    return start + (", ".join(parts) if parts else "no change is surely seen within a week")


def evidence(
    sizes: dict[str, float | None], scale: Scale, *, unit: str, rows: str, change: str, size: str
) -> dict[str, Any]:
    """As it is kept in a result: sizes by horizon, the rate they are for, and the sentence."""
    per_hour = scale.rows / max(hours_of(scale), 1e-9)
    return {
        "within": sizes,
        "unit": unit,
        "rows_per_hour": per_hour,
        "said": said(sizes, per_hour, rows=rows, change=change, size=size),
    }
