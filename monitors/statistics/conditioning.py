"""How much of a difference of two samples goes away when a label is held fixed, and whether by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
LEAST_ROWS = 5  # of a label in the reference: with fewer, there is nothing to compare its present rows with
_GROUPS = 10
_ENOUGH = 10
_Z95 = 1.959964


@dataclass(frozen=True, kw_only=True)
class Conditioned:
    """What holding a label fixed does to a difference.

    Attributes:
        share: of the difference that goes away; 0 for none, 1 for all; noise may carry it beyond either.
        low, high: its 95 % interval, by the jackknife over groups of neighbouring rows.
        by_chance: the mean share with labels shuffled within each side: 1 where the two sides have no label
            in common, and then nothing can be said.
        p: the share of shuffles that take away as much; shuffling ends early when ten did (Besag and
            Clifford, Biometrika 78, 1991).
    """

    share: float
    low: float
    high: float
    by_chance: float
    p: float

    @property
    def beyond_chance(self) -> float:
        """The share, 0 to 1, of what chance alone would leave."""
        left = 1.0 - self.by_chance
        return float(np.clip((self.share - self.by_chance) / left, 0.0, 1.0)) if left > 1e-9 else 0.0


@dataclass(frozen=True, kw_only=True)
class _Side:
    """Sums by label: of rows (G, f), of their squared lengths (G,), and counts (G,)."""

    sums: Floats
    squares: Floats
    counts: Floats

    @classmethod
    def of(cls, features: Floats, squares: Floats, labels: Labels, count: int) -> _Side:
        chosen = np.zeros((count, len(labels)))
        chosen[labels, np.arange(len(labels))] = 1.0
        return cls(sums=chosen @ features, squares=chosen @ squares, counts=chosen.sum(axis=1))

    def without(self, other: _Side) -> _Side:
        return _Side(
            sums=self.sums - other.sums,
            squares=self.squares - other.squares,
            counts=self.counts - other.counts,
        )


def condition(
    now: Floats,
    before: Floats,
    now_labels: Labels,
    before_labels: Labels,
    *,
    rng: np.random.Generator,
    shuffles: int = 199,
) -> Conditioned | None:
    """How much of the difference of means of features a label accounts for.

    What: the difference of the means splits into what the labels' shares changed by and what changed within
    labels (Kitagawa, JASA 50, 1955; Oaxaca, Int. Econ. Rev. 14, 1973, with the present shares as weights).
    The share is the length, along the whole difference, of the first. With random Fourier features the means
    are those of a kernel, so all of the distribution counts; the estimate leaves out the product of a row
    with itself, as unbiased MMD does. A label that the reference lacks (fewer than 5 rows) counts as a change
    of shares. When not: as a cause: a label that came with the change explains it whether it made it or not;
    and rows that repeat each other make both the interval and p too small.
    now (n, f), before (m, f): rows in order of time; labels: 0, 1, ... None when there is no difference to
    speak of, or a side has fewer than two rows.

    >>> now, before = np.repeat([[0.0], [4.0]], [5, 15], axis=0), np.repeat([[0.0], [4.0]], [15, 5], axis=0)
    >>> labels = np.repeat([0, 1], [5, 15]), np.repeat([0, 1], [15, 5])
    >>> round(condition(now, before, *labels, rng=np.random.default_rng(0)).share, 6)
    1.0
    """
    if len(now) < 2 or len(before) < 2:
        return None
    # Around the mean of the reference: the same differences, and less to lose in digits.
    centre = before.mean(axis=0)
    sides = [np.asarray(now - centre, dtype=np.float64), np.asarray(before - centre, dtype=np.float64)]
    squares = [(side**2).sum(axis=1) for side in sides]
    labels = [np.asarray(now_labels, dtype=np.int64), np.asarray(before_labels, dtype=np.int64)]
    count = int(max(labels[0].max(), labels[1].max())) + 1

    def sums(of: Sequence[Labels]) -> list[_Side]:
        return [_Side.of(x, s, which, count) for x, s, which in zip(sides, squares, of, strict=True)]

    whole = sums(labels)
    share = _share(*whole)
    if share is None:
        return None
    shuffled: list[float] = []
    as_much = 0
    while len(shuffled) < shuffles and as_much < _ENOUGH:
        value = _share(*sums([rng.permutation(which) for which in labels]))
        shuffled.append(share if value is None else value)
        as_much += shuffled[-1] >= share - 1e-12
    error = _error(sides, squares, labels, whole, share)
    return Conditioned(
        share=share,
        low=share - _Z95 * error,
        high=share + _Z95 * error,
        by_chance=float(np.mean(shuffled)) if shuffled else 0.0,
        p=as_much / len(shuffled) if as_much >= _ENOUGH else (1 + as_much) / (1 + len(shuffled)),
    )


def _share(now: _Side, before: _Side) -> float | None:
    """1 - <change within labels, whole change> / |whole change|^2."""
    there = np.concatenate([now.counts, before.counts])
    if now.counts.sum() < 2 or before.counts.sum() < 2:
        return None
    means = np.concatenate([now.sums, before.sums]) / np.maximum(there, 1.0)[:, None]
    gram = means @ means.T
    squares = np.concatenate([now.squares, before.squares])
    # The product of a row with itself is no evidence of anything; where a label has one row, it counts as
    # the rows of its side do on average.
    inner = (there**2 * np.diag(gram) - squares) / np.maximum(there * (there - 1.0), 1.0)
    for part in (slice(0, len(now.counts)), slice(len(now.counts), None)):
        some = there[part] > 1
        usual = float(np.average(inner[part][some], weights=there[part][some])) if some.any() else 0.0
        inner[part] = np.where(some, inner[part], usual)
    gram = gram.copy()
    np.fill_diagonal(gram, inner)
    share_now = now.counts / now.counts.sum()
    whole = np.concatenate([share_now, -before.counts / before.counts.sum()])
    both = np.where(before.counts >= LEAST_ROWS, share_now, 0.0)
    within = np.concatenate([both, -both])
    total = float(whole @ gram @ whole)
    if total <= 1e-12 * max(float(np.abs(gram).max()), 1e-300):
        return None
    return 1.0 - float(within @ gram @ whole) / total


def _error(
    sides: Sequence[Floats],
    squares: Sequence[Floats],
    labels: Sequence[Labels],
    whole: Sequence[_Side],
    share: float,
) -> float:
    """The standard error by leaving out one tenth of one side's neighbouring rows at a time."""
    variance = 0.0
    for side in (0, 1):
        groups = [g for g in np.array_split(np.arange(len(sides[side])), _GROUPS) if len(g)]
        left: list[float] = []
        for group in groups:
            gone = _Side.of(
                sides[side][group], squares[side][group], labels[side][group], len(whole[side].counts)
            )
            pair: list[Any] = list(whole)
            pair[side] = whole[side].without(gone)
            value = _share(*pair)
            left.append(share if value is None else value)
        if len(left) > 1:
            values = np.array(left)
            variance += (len(left) - 1) / len(left) * float(((values - values.mean()) ** 2).sum())
    return float(np.sqrt(variance))
