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
NEW, REST = "(never seen before)", "(all other names)"
MOST_NAMES = 12  # with a test of their own; rarer ones are one together


@dataclass(frozen=True, kw_only=True)
class Names:
    """Which names have a test of their own."""

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


def once(used: Sequence[WindowSample]) -> Floats:
    """(T,) rows of each window with a name that no other window has."""
    windows_of = Counter(name for w in used for name in set(w.rows[:, 0]))
    return np.array([float(sum(windows_of[name] == 1 for name in w.rows[:, 0])) for w in used])


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
