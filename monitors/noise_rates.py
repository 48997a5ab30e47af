"""The test on rates: exact in small numbers, with wander of the rate learnt from history.

Errors are few, and a normal or chi-square tail for three of them is wrong. The rate of a block of windows is
taken as Beta distributed around its mean, so the count is beta-binomial; mean and spread keep the weights
that history gives them, by the windows and by the days, and a block is given one common rate: wander does not
average out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.result import Window

Floats = NDArray[np.float64]

# How far the rate of a block wanders, as a share of the rate: .3 means that 1 % is often .7 % or 1.3 %.
_WANDER = np.array([0.02, 0.1, 0.2, 0.35, 0.6, 1.0, 1.7])
_PRIOR = np.array([0.25, 0.25, 0.23, 0.15, 0.08, 0.03, 0.01])
_LOGITS = np.linspace(-16.0, 7.0, 901)  # rates at which the prediction is kept


@dataclass(frozen=True, kw_only=True)
class RateModel:
    """What history says of the rate of the next block of windows.

    Attributes:
        chances: (901,) of each of `rates`.
        rate: its mean. events, rows: of the history.
    """

    chances: Floats
    rates: Floats
    rate: float
    events: int
    rows: int

    @property
    def sd(self) -> float:
        """How far the true rate of a block may lie from the mean."""
        return float(np.sqrt(self.chances @ (self.rates - self.rate) ** 2))

    def tail(self, events: int, rows: int) -> float:
        """P(this many events or more in so many rows), while nothing changed.

        1 for no events, whatever the rows.
        """
        if events <= 0:
            return 1.0
        if events > rows:
            return 0.0
        from scipy.special import betainc

        # P(Binomial(rows, p) >= events) is the regularised incomplete beta function.
        tails = np.asarray(betainc(float(events), rows - events + 1.0, self.rates), dtype=np.float64)
        return float(np.clip(self.chances @ tails, 1e-300, 1.0))

    def critical(self, p: float, rows: int) -> int:
        """The smallest number of events whose tail is at most `p`; rows + 1 if there is none."""
        low, high = 0, rows + 1
        while high - low > 1:
            middle = (low + high) // 2
            if self.tail(middle, rows) <= p:
                high = middle
            else:
                low = middle
        return high


def fit_rate(windows: Sequence[Window], events: Floats, rows: Floats) -> RateModel:
    """Learn from the events (T,) among the rows (T,) of each window."""
    from scipy.special import betaln

    means, gaps = _rate_grid(float(events.sum()), float(rows.sum()))
    rate, wander = (m.ravel() for m in np.meshgrid(means, _WANDER, indexing="ij"))
    # The Beta with this mean and relative spread; a rate near 1 has little room to wander.
    strength = np.maximum((1.0 - rate) / (rate * wander**2) - 1.0, 2.0)
    a, b = rate * strength, (1.0 - rate) * strength
    prior = np.log(np.outer(gaps, _PRIOR).ravel())
    days = np.array([w.start.toordinal() for w in windows])
    weights = np.zeros(rate.size)
    # Half by windows, half by days: bursts show in the first, days that differ in the second.
    for labels in (np.arange(len(events)), np.unique(days, return_inverse=True)[1]):
        k, n = np.bincount(labels, weights=events), np.bincount(labels, weights=rows)
        pairs, times = np.unique(np.stack([k, n], axis=1), axis=0, return_counts=True)
        log = prior.copy()
        for (ki, ni), count in zip(pairs, times, strict=True):
            log += count * (betaln(ki + a, ni - ki + b) - betaln(a, b))
        chance = np.exp(log - log.max())
        weights += 0.5 * chance / chance.sum()
    keep = weights > 1e-10
    weights, a, b = weights[keep] / weights[keep].sum(), a[keep, None], b[keep, None]
    rates = 1.0 / (1.0 + np.exp(-_LOGITS))
    # The density over the logit; a Beta narrower than the grid falls on the nearest point.
    density = a * np.log(rates) + b * np.log1p(-rates)
    density = np.exp(density - density.max(axis=1, keepdims=True))
    chances = weights @ (density / density.sum(axis=1, keepdims=True))
    return RateModel(
        chances=chances,
        rates=rates,
        rate=float(chances @ rates),
        events=int(events.sum()),
        rows=int(rows.sum()),
    )


def _rate_grid(events: float, rows: float) -> tuple[Floats, Floats]:
    """Mean rates to weigh, and their gaps on the logit scale: wide everywhere, fine around the estimate."""
    centre = np.log((events + 0.5) / (rows - events + 0.5))
    error = 1.0 / np.sqrt(min(events, rows - events) + 0.5)
    logits = np.unique(np.r_[np.linspace(-11.0, 5.0, 33), centre + error * np.linspace(-5.0, 5.0, 41)])
    gaps: Floats = np.gradient(logits)
    return 1.0 / (1.0 + np.exp(-logits)), gaps / gaps.sum()
