"""The test on rates: exact in small numbers, with wander of the rate learnt from history.

Errors are few, and a normal or chi-square tail for three of them is wrong. The rate of a block of windows is
taken as Beta distributed around its mean, so the count is beta-binomial; mean and spread keep the weights
that history gives them, by the windows and by the days, and a block is given one common rate: wander does not
average out. Of an event that hardly ever came history cannot say how far its rate wanders; that of others can
(`learn_wander`).
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
_BEFORE = np.stack([_PRIOR, _PRIOR])
_LEAST = 1e-300
# Neighbouring rates move together, and so many rates tell as much as a quarter of them would if they did not.
_TOLD = 0.25
# Days of a week are few, however many rates have seen them: two fifths go to the next larger wander. And this
# rate may be of another nature than the others: a tenth stays what it was before anything was seen.
_CAUTION, _HEDGE = 0.4, 0.1
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


def steady_tail(events: int, rows: int, usual: int, of: int) -> float:
    """P(so many events or more in so many rows) if their rate never wanders.

    The rate is that of `usual` events in `of` rows, and half of one more. Nearly the least that the tail of a
    `RateModel` can be.

    >>> round(steady_tail(1, 1, 4, 8), 3), steady_tail(0, 5, 4, 8)
    (0.5, 1.0)
    """
    if events <= 0:
        return 1.0
    from scipy.special import betainc

    return float(betainc(events, rows - events + 1.0, (usual + 0.5) / (of + 1.0)))


def fit_rate(
    windows: Sequence[Window], events: Floats, rows: Floats, *, wander: Floats | None = None
) -> RateModel:
    """Learn from the events (T,) among the rows (T,) of each window.

    wander: what `learn_wander` gave; None: the rate's own history alone says how far it wanders.
    """
    told = _likelihood(windows, events, rows)
    weights = np.zeros(told.a.shape)
    # Half by windows, half by days: bursts show in the first, days that differ in the second.
    for log, prior in zip(told.log, _BEFORE if wander is None else wander, strict=True):
        chance = np.exp(log - log.max()) * np.outer(told.gaps, prior)
        weights += 0.5 * chance / chance.sum()
    keep = weights > 1e-10
    kept = weights[keep] / weights[keep].sum()
    a, b = told.a[keep][:, None], told.b[keep][:, None]
    rates = 1.0 / (1.0 + np.exp(-_LOGITS))
    # The density over the logit; a Beta narrower than the grid falls on the nearest point.
    density = a * np.log(rates) + b * np.log1p(-rates)
    density = np.exp(density - density.max(axis=1, keepdims=True))
    chances = kept @ (density / density.sum(axis=1, keepdims=True))
    return RateModel(
        chances=chances,
        rates=rates,
        rate=float(chances @ rates),
        events=int(events.sum()),
        rows=int(rows.sum()),
    )


def learn_wander(windows: Sequence[Window], events: Floats, rows: Floats) -> Floats:
    """(2, W) how likely each amount of wander is for another rate of the same nature, by windows and by days.

    events: (B, T) of B rates, common enough that their wander shows. rows: (T,).
    """
    seen = np.tile(np.log(_PRIOR), (2, 1))
    for own in events:
        told = _likelihood(windows, own, rows)
        chance = np.exp(told.log - told.log.max(axis=(1, 2), keepdims=True))
        seen += _TOLD * np.log(np.maximum(told.gaps @ chance, _LEAST))
    learnt = np.exp(seen - seen.max(axis=1, keepdims=True))
    learnt /= learnt.sum(axis=1, keepdims=True)
    larger = np.concatenate([np.zeros((2, 1)), learnt[:, :-1]], axis=1)
    larger[:, -1] += learnt[:, -1]
    mixed: Floats = (1.0 - _CAUTION - _HEDGE) * learnt + _CAUTION * larger + _HEDGE * _BEFORE
    return mixed


@dataclass(frozen=True, kw_only=True)
class _Likelihood:
    """Of R mean rates and W amounts of wander.

    log: (2, R, W) logarithms, by windows and by days. a, b: (R, W) of each Beta. gaps: (R,) of the logits of
    the rates.
    """

    log: Floats
    a: Floats
    b: Floats
    gaps: Floats


def _likelihood(windows: Sequence[Window], events: Floats, rows: Floats) -> _Likelihood:
    from scipy.special import betaln

    means, gaps = _rate_grid(float(events.sum()), float(rows.sum()))
    rate = means[:, None]
    # The Beta with this mean and relative spread; a rate near 1 has little room to wander.
    strength = np.maximum((1.0 - rate) / (rate * _WANDER**2) - 1.0, 2.0)
    a, b = rate * strength, (1.0 - rate) * strength
    without = betaln(a, b)
    days = np.unique([w.start.toordinal() for w in windows], return_inverse=True)[1]
    logs = []
    for labels in (np.arange(len(events)), days):
        k, n = np.bincount(labels, weights=events), np.bincount(labels, weights=rows)
        pairs, times = np.unique(np.stack([k, n], axis=1), axis=0, return_counts=True)
        log = np.zeros(a.shape)
        for (ki, ni), count in zip(pairs, times, strict=True):
            log += count * (betaln(ki + a, ni - ki + b) - without)
        logs.append(log)
    return _Likelihood(log=np.stack(logs), a=a, b=b, gaps=gaps)


def _rate_grid(events: float, rows: float) -> tuple[Floats, Floats]:
    """Mean rates to weigh, and their gaps on the logit scale: wide everywhere, fine around the estimate."""
    centre = np.log((events + 0.5) / (rows - events + 0.5))
    error = 1.0 / np.sqrt(min(events, rows - events) + 0.5)
    logits = np.unique(np.r_[np.linspace(-11.0, 5.0, 33), centre + error * np.linspace(-5.0, 5.0, 41)])
    gaps: Floats = np.gradient(logits)
    return 1.0 / (1.0 + np.exp(-logits)), gaps / gaps.sum()
