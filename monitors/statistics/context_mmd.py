"""Context-aware MMD: has content changed more than its context explains?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.kernels import median_bandwidth, squared_distances
from monitors.statistics.two_sample import NOTHING, Floats, TwoSample

Matrix = NDArray[np.floating]
RIDGE = 0.01
HELD = 0.25
_PROPENSITY_STEPS = 12
_PENALTY = 0.1  # with 1, contexts at the edge of what both sides have make the null too narrow


def context_mmd(
    x: Matrix,
    y: Matrix,
    x_context: Matrix,
    y_context: Matrix,
    *,
    permutations: int = 100,
    ridge: float = RIDGE,
    bandwidth: float | None = None,
    context_bandwidth: float | None = None,
    alike: bool = False,
    rng: np.random.Generator | None = None,
) -> TwoSample:
    """The mean squared MMD between content given context in x and in y, over a quarter of x's contexts.

    Content given context is a kernel ridge regression of its embedding in the kernel's space (coefficients
    (L + ridge n I)^-1 l(c)), around the mean of all rows, so that a context without rows predicts the usual
    and not nothing. The null redraws each label from the chance of it given the context, a logistic
    kernel regression, so that the contexts of both samples stay as they are.
    alike: see `conditional_mmd2`; for days whose contexts come in other shares than the reference's.
    What: a component's output changes given its input; today differs from yesterday at the same hour. When
    not: contexts that y never saw: there is nothing to compare, and the propensity then leaves labels as they
    are; more than some thousand rows, since each permutation solves two systems.
    x (n, d) current, y (m, d) reference, contexts (n, c) and (m, c): scale their columns so that one unit is
    a difference that matters. At least eight rows each, else nan. Source: Cobb and Van Looveren, ICML 2022,
    section 3 (the ADiTT statistic).

    >>> rng = np.random.default_rng(0)
    >>> c, d = rng.random((60, 1)) / 2 + 0.5, rng.random((60, 1))
    >>> noise = 0.1 * rng.standard_normal((2, 60, 1))
    >>> context_mmd(c + noise[0], d + noise[1], c, d, permutations=99, rng=rng).p > 0.05
    True
    >>> context_mmd(c + noise[0] + 0.5, d + noise[1], c, d, permutations=99, rng=rng).p <= 0.05
    True
    """
    n, m = len(x), len(y)
    if min(n, m) < 8:
        return NOTHING
    generator = np.random.default_rng(0) if rng is None else rng
    held = np.zeros(n, dtype=bool)
    held[generator.permutation(n)[: max(2, round(HELD * n))]] = True
    rows = np.concatenate([x[~held], y]).astype(np.float64)
    contexts = np.concatenate([x_context[~held], y_context]).astype(np.float64)
    k = _centred(_gaussian(rows, rows, bandwidth or median_bandwidth(rows)))
    width = context_bandwidth or median_bandwidth(contexts)
    overlap = _gaussian(contexts, contexts, width)
    at = _gaussian(contexts, x_context[held].astype(np.float64), width)
    label = np.arange(len(rows)) < int((~held).sum())
    values = [conditional_mmd2(k, overlap, at, label, ridge, alike=alike)]
    if permutations:
        chance = propensity(overlap, label)
        values += [
            conditional_mmd2(k, overlap, at, _redrawn(chance, generator), ridge, alike=alike)
            for _ in range(permutations)
        ]
    return TwoSample.of(np.array(values))


def conditional_mmd2(
    kernel: Floats,
    overlap: Floats,
    at: Floats,
    label: NDArray[np.bool_],
    ridge: float,
    *,
    alike: bool = False,
) -> float:
    """The mean over held-out contexts of the squared distance between both conditional embeddings.

    The ridge draws a context towards the mean of all rows, and the more the rarer it is on its side: with
    other shares of contexts alone, both sides then differ. alike: each side's estimate is regressed once more
    by the ridge regression of the other side, so that both are drawn by both. Where contexts are the same or
    not, that is exactly as much on either side; a context that one side hardly has counts for little.
    kernel (N, N) of content, overlap (N, N) of contexts, at (N, h) of contexts with the held-out ones, label
    (N,) True for the first sample.
    """
    from scipy.linalg import cho_factor, cho_solve

    sides = np.flatnonzero(label), np.flatnonzero(~label)
    factors = []
    for inside in sides:
        system = overlap[np.ix_(inside, inside)]
        system[np.diag_indices(len(inside))] += ridge * len(inside)
        factors.append(cho_factor(system, lower=True, overwrite_a=True, check_finite=False))
    weights = np.zeros_like(at)
    for own, other, sign in ((0, 1, 1.0), (1, 0, -1.0)):
        aim = at[sides[own]]
        if alike:
            of_other = cho_solve(factors[other], at[sides[other]], check_finite=False)
            aim = overlap[np.ix_(sides[own], sides[other])] @ of_other
        weights[sides[own]] = sign * cho_solve(factors[own], aim, check_finite=False)
    return float(np.einsum("ij,ij->", weights, kernel @ weights) / at.shape[1])


def propensity(overlap: Floats, label: NDArray[np.bool_]) -> Floats:
    """(N,) the chance of the label given context: logistic kernel regression by Newton steps.

    overlap (N, N) of contexts. The penalty is weak, so contexts that only one side has come near 0 or 1.

    >>> same = np.ones((8, 8))
    >>> propensity(same, np.arange(8) < 2).round(2).tolist()[0]
    0.25
    """
    size = len(label)
    truth = label.astype(np.float64)
    base = float(np.log(truth.mean() / (1.0 - truth.mean())))
    alpha: Floats = np.zeros(size)
    for _ in range(_PROPENSITY_STEPS):
        score = base + overlap @ alpha
        chance = 1.0 / (1.0 + np.exp(-score))
        weight = np.maximum(chance * (1.0 - chance), 1e-6)
        # Weighted ridge on the working response: (K + p W^-1) alpha = K alpha + W^-1 (truth - chance).
        target = overlap @ alpha + (truth - chance) / weight
        alpha = np.asarray(np.linalg.solve(overlap + np.diag(_PENALTY / weight), target), dtype=np.float64)
    found: Floats = 1.0 / (1.0 + np.exp(-(base + overlap @ alpha)))
    return found


def _redrawn(chance: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Labels drawn anew, at least two on either side."""
    while True:
        label = rng.random(len(chance)) < chance
        if 2 <= int(label.sum()) <= len(label) - 2:
            return np.asarray(label)


def _centred(kernel: Floats) -> Floats:
    """The kernel of embeddings around their mean."""
    means = kernel.mean(axis=1)
    centred: Floats = kernel - means[:, None] - means[None, :] + means.mean()
    return centred


def _gaussian(a: Floats, b: Floats, bandwidth: float) -> Floats:
    return np.asarray(np.exp((-0.5 / bandwidth**2) * squared_distances(a, b)), dtype=np.float64)
