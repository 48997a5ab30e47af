"""How much of a change of what a component says came with what it was given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernels import squared_distances

Floats = NDArray[np.float64]
LEAST_ROWS = 20
_PENALTIES = np.logspace(-3, 2, 11)
_Z95 = 1.959964


@dataclass(frozen=True, kw_only=True)
class PassedOn:
    """The part of a change that today's component would not show on yesterday's inputs.

    Attributes:
        share: of the change: 0 for none, 1 for all; noise may carry it beyond either. With few rows too small
            rather than too large, because what an input tells of the answer is learnt from them.
        low, high: its 95 % interval. p: of a share of zero, one-sided, from the same error.
    """

    share: float
    low: float
    high: float
    p: float


def passed_on(
    now: Floats, before: Floats, now_given: Floats, before_given: Floats, *, bandwidth: float
) -> PassedOn | None:
    """How much of the difference of what is said the inputs account for.

    What: each row of now has a figure, how much it is of what is new: the witness of MMD with the kernel
    exp(-|a - b|^2 / (2 s^2)). Ridge regression learns the figure from the input. Its mean over the inputs of
    before is what the component of now would have said then; what this falls short of the mean of now came
    with the inputs, and the rest is the component's own (Kitagawa, JASA 50, 1955; Oaxaca, Int. Econ. Rev. 14,
    1973). So a component that answers one kind of input in a new way is told from one that is sent a new kind
    of input. No row counts together with itself, as in unbiased MMD; the error is HC3 (MacKinnon and White,
    J. Econometrics 29, 1985) and that of the inputs drawn. When not: where all inputs changed at once
    (another prompt around each): then no row of now is like before, nothing tells new from old, and the share
    is near 0; and rows that repeat each other make interval and p too small.
    now (n, f), before (m, f): what is said; now_given (n, d), before_given (m, d): the inputs of these rows.
    None when there is no difference to speak of, or fewer than 20 rows on a side.

    >>> kinds = np.repeat([[0.0, 1.0], [1.0, 0.0]], [60, 40], axis=0)
    >>> round(passed_on(kinds, kinds[:60], kinds, kinds[:60], bandwidth=1.0).share, 2)
    1.0
    """
    n, m = len(now), len(before)
    if min(n, m) < LEAST_ROWS:
        return None
    within, across, earlier = (
        np.exp(-squared_distances(a, b) / (2.0 * bandwidth**2))
        for a, b in ((now, now), (now, before), (before, before))
    )
    whole = _others(within.sum(), n, n) + _others(earlier.sum(), m, m) - 2.0 * float(across.mean())
    if whole <= 0.0:
        return None
    newness = within.mean(axis=1) - across.mean(axis=1)
    newness = newness - newness.mean()
    centre = now_given.mean(axis=0)
    left, squares, right = _decomposed(now_given - centre)
    kept = squares / (squares + _PENALTIES[:, None])
    leverage = 1.0 / n + kept @ (left**2).T
    # By how much each row is missed by a regression on the others; the penalty that misses least.
    missed = (newness - (kept * (left.T @ newness)) @ left.T) / np.maximum(1.0 - leverage, 1e-6)
    best = int(np.argmin((missed**2).sum(axis=1)))
    damped = np.sqrt(squares) / (squares + _PENALTIES[best])
    # What the figure of each row of now adds to what is foretold for an input: of now, of before.
    hat = (left * kept[best]) @ left.T
    hat_before = ((before_given - centre) @ right * damped) @ left.T
    foretold = hat.sum(axis=0), hat_before.sum(axis=0)
    told = within.sum(axis=1), across.sum(axis=1)
    moved = (
        _others(foretold[0] @ told[0], float((hat * within).sum()), n)
        + _others(foretold[1] @ told[1], float((hat_before * across.T).sum()), m)
        - float(foretold[0] @ told[1] + foretold[1] @ told[0]) / (n * m)
    )
    own = hat @ newness / n - hat_before.mean(axis=0) * missed[best]
    error = float((own**2).sum() + (hat_before @ newness).var() / m) ** 0.5
    return PassedOn(
        share=moved / whole,
        low=(moved - _Z95 * error) / whole,
        high=(moved + _Z95 * error) / whole,
        p=_upper_tail(moved, error),
    )


def _decomposed(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """The singular value decomposition, squared values in the middle, by the products of the columns: these
    are few, and what they lose in digits lies far below the least penalty.
    """
    squares, right = np.linalg.eigh(rows.T @ rows)
    squares = np.maximum(squares, 0.0)
    there = squares > 1e-9 * max(float(squares[-1]), 1e-300)
    right = right[:, there]
    return rows @ right / np.sqrt(squares[there]), squares[there], right


def _others(whole: float, own: float, rows: int) -> float:
    """The mean over pairs of two different rows, of a sum over all pairs and that of rows with themselves."""
    return float(whole - own) / (rows * (rows - 1))


def _upper_tail(value: float, error: float) -> float:
    from scipy.stats import norm

    return float(norm.sf(value / error)) if error > 0.0 else 1.0
