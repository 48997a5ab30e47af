"""How large a topic that the reference does not have must be for `new_topic` to find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._sampled import evenly
from monitors.noise_rates import RateModel
from monitors.noise_scales import STILL_THERE
from monitors.statistics.new_group import Nearness, ball_around
from monitors.statistics.topics import find_topics

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]
_FOUND_BY = np.array([2, 4, 8, 16, 32, 64])
_LEAST_ROWS = 8
_GROUPED, _LEFT_OUT = 300, 5


def held(rows: Rows, near: Nearness) -> Floats:
    """(K, 6) of topics of the reference: how much of one would lie in the ball that 2, 4, 8 .. 64 of its
    texts find, were it new.

    rows: (n, d) of the reference. Each topic is left out in turn: whitening by a reference that has it pulls
    its texts towards all others. 0 where no two of so many texts are near each other.
    """
    found = find_topics(evenly(rows, _GROUPED))
    labels = found.of(rows)
    sizes = np.bincount(labels)
    large = np.flatnonzero((sizes >= _LEAST_ROWS) & (sizes <= len(rows) // 2))
    if not large.size:
        return np.zeros((1, len(_FOUND_BY)))
    square, total = rows.T @ rows, rows.sum(axis=0)
    told = []
    for number in evenly(large, _LEFT_OUT):
        new = _seen_without(rows[labels == number], square, total, len(rows))
        told.append([_held(new, int(count), near) for count in _FOUND_BY])
    return np.array(told)


def _seen_without(own: Rows, square: Rows, total: Rows, count: int) -> Rows:
    """(k, d) unit rows: what a whitening that has not seen these rows makes of them, but for a rotation.

    square, total: sums of all `count` rows' products and of the rows, with these.
    """
    from scipy.linalg import cholesky, solve_triangular

    others = count - len(own)
    mean = (total - own.sum(axis=0)) / others
    covariance = (square - own.T @ own) / others - np.outer(mean, mean)
    covariance[np.diag_indices_from(covariance)] += max(float(np.trace(covariance)) / len(mean), 1e-12)
    mapped = solve_triangular(cholesky(covariance, lower=True), (own - mean).T, lower=True).T
    unit: Rows = mapped / np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), 1e-12)
    return unit


def _held(group: Rows, count: int, near: Nearness) -> float:
    """What finds a ball does not count in it, as in the check."""
    finding, others = evenly(group[::2], count), group[1::2]
    # A row is wholly near itself.
    dense = near.density(finding, finding) * len(finding) - 1.0
    best = int(np.argmax(dense))
    return float(ball_around(finding, best, near).holds(others).mean()) if dense[best] > 1e-9 else 0.0


@dataclass(frozen=True, kw_only=True)
class TopicPower:
    """The test of one length.

    Attributes:
        held: see `held`. usual: the rate of a place where the reference has nothing.
        rows: of one half. late: rows of the last eighth, both halves. p: that may be spent on one group and
        half. margin: the smallest share of a group that matters.
    """

    held: Floats
    usual: RateModel
    rows: int
    late: int
    p: float
    margin: float

    def chance(self) -> Callable[[Floats], Floats]:
        """The chances that topics of these shares (...,) of the requests are found; a function in the form of
        `monitors.detectable.Look`.
        """
        from scipy.special import betainc

        least = int(np.ceil((self.usual.rate + self.margin) * self.rows))
        needed = max(self.usual.critical(self.p, self.rows), least, 1)
        logs = np.log(_FOUND_BY)

        def chance(sizes: Floats) -> Floats:
            texts = np.log(np.maximum(sizes * self.rows, 1e-9))
            found = np.zeros(sizes.shape)
            for topic in self.held:
                inside = sizes * np.interp(texts, logs, topic, left=0.0)
                half = betainc(float(needed), max(self.rows - needed + 1.0, 1e-9), inside)
                again = np.maximum(np.ceil(STILL_THERE * inside * self.late), 1.0)
                still = betainc(again, np.maximum(self.late - again + 1.0, 1e-9), inside)
                # Either half may find it in the other.
                found += np.minimum(1.0 - (1.0 - half) ** 2, still)
            return found / len(self.held)

        return chance
