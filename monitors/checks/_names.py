"""Names in rows: which of them are tested, how they are counted, and how few of one there may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import WindowSample
from monitors.noise_rates import RateModel

Floats = NDArray[np.float64]
NEW, REST = "(new names)", "(all other names)"
MOST_NAMES = 12  # with a test of their own; rarer ones are one together


@dataclass(frozen=True, kw_only=True)
class Names:
    """Which names have a test of their own.

    Attributes:
        own: the most frequent of the lasting ones. seen: every lasting name; what is not there is new.
    """

    own: tuple[str, ...]
    seen: frozenset[str]

    @property
    def tested(self) -> tuple[str, ...]:
        """Every name that is tested."""
        return (*self.own, REST, NEW)

    def of(self, name: str) -> str:
        """The test that a row counts for."""
        return name if name in self.own else REST if name in self.seen else NEW

    def count(self, samples: Sequence[WindowSample]) -> Counter[str]:
        """Rows by test."""
        return Counter(self.of(name) for s in samples for name in s.rows[:, 0])


def groups_of(used: Sequence[WindowSample]) -> list[int]:
    """What a window is held against the rest without: its day, or itself where there is one day only."""
    days = [w.window.start.toordinal() for w in used]
    return days if len(set(days)) > 1 else list(range(len(used)))


def lasting(used: Sequence[WindowSample]) -> frozenset[str]:
    """Names of more than one day (or window, in a single day): the others come and go."""
    groups: dict[str, set[int]] = {}
    for group, window in zip(groups_of(used), used, strict=True):
        for name in set(window.rows[:, 0]):
            groups.setdefault(name, set()).add(group)
    return frozenset(name for name, seen in groups.items() if len(seen) > 1)


def fewer(model: RateModel, events: int, rows: int) -> float:
    """P(this many events or fewer in so many rows), while nothing changed."""
    if events >= rows:
        return 1.0
    from scipy.special import betaincc

    # P(Binomial(rows, p) <= events) is the complement of the incomplete beta function.
    tails = np.asarray(betaincc(events + 1.0, float(rows - events), model.rates), dtype=np.float64)
    return float(np.clip(model.chances @ tails, 1e-300, 1.0))


def lowest(model: RateModel, p: float, rows: int) -> int:
    """The largest number of events whose lower tail is at most `p`; -1 if there is none."""
    low, high = -1, rows
    while high - low > 1:
        middle = (low + high) // 2
        if fewer(model, middle, rows) <= p:
            low = middle
        else:
            high = middle
    return low
