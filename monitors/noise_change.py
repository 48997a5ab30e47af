"""When it began: a likelihood scan over the start of a lasting shift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitors.result import Window

Floats = NDArray[np.float64]
_COVERAGE = 0.9


@dataclass(frozen=True, kw_only=True)
class ChangePoint:
    """The best estimate of the start of a change, and the interval that holds it with chance 0.9."""

    at: datetime
    low: datetime
    high: datetime

    def evidence(self) -> dict[str, str]:
        """As it is kept in a result's evidence."""
        return {"at": self.at.isoformat(), "low": self.low.isoformat(), "high": self.high.isoformat()}


def locate(windows: Sequence[Window], residuals: Floats, variances: Floats) -> ChangePoint:
    """The start of a shift that lasts to the end of the series.

    windows: T with rows, in time order. residuals: (T,) observed minus expected along the direction of the
    change. variances: (T,) of each while nothing changed. The log likelihood of a shift of free size since
    window k over none is (sum w r)^2 / (2 sum w) with w = 1 / variance; with equal prior odds of the starts
    it gives the interval. A change that began in a window may have begun at any time of it; one that is there
    from the first window on is not located, and the interval is the whole series.

    >>> from datetime import UTC, timedelta
    >>> t0 = datetime(2026, 1, 1, tzinfo=UTC)
    >>> hours = [Window(start=t0 + timedelta(hours=i), end=t0 + timedelta(hours=i + 1)) for i in range(6)]
    >>> found = locate(hours, np.array([0.0, 0.1, -0.1, 2.0, 2.1, 1.9]), np.full(6, 0.01))
    >>> found.at.hour, found.low.hour, found.high.hour
    (3, 3, 4)
    """
    weight = 1.0 / np.maximum(variances, 1e-12)
    tail_sum = np.cumsum((weight * residuals)[::-1])[::-1]
    tail_weight = np.cumsum(weight[::-1])[::-1]
    gain = np.where(tail_sum > 0, tail_sum**2 / (2.0 * tail_weight), 0.0)
    chance = np.exp(gain - gain.max())
    chance /= chance.sum()
    best = int(np.argmax(chance))
    # The smallest set of starts that holds the coverage, and the interval around it.
    order = np.argsort(-chance, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(chance[order]), _COVERAGE)) + 1]
    if best == 0:
        # It was there in the first window already: the series does not say when it began.
        return ChangePoint(at=windows[0].start, low=windows[0].start, high=windows[-1].end)
    return ChangePoint(
        at=windows[best].start, low=windows[int(kept.min())].start, high=windows[int(kept.max())].end
    )
