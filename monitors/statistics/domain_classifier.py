"""Domain classifier: can a model tell the two samples apart, on rows that it has not seen?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.two_sample import NOTHING, Floats, TwoSample, labels_of

Matrix = NDArray[np.floating]
Folds = Sequence[NDArray[np.int64]]
FOLDS = 5
RIDGE = 3.0  # times the mean eigenvalue of the pooled rows


def domain_classifier(
    x: Matrix,
    y: Matrix,
    *,
    permutations: int = 100,
    folds: int = FOLDS,
    ridge: float = RIDGE,
    blocks: NDArray[np.int64] | None = None,
    rng: np.random.Generator | None = None,
) -> TwoSample:
    """The cross-validated area under the ROC curve of a ridge classifier: .5 if it cannot tell x from y.

    Held-out scores of a ridge regression follow from its hat matrix, which does not depend on labels: every
    permutation is trained and tested in full by one matrix product: the null is that of the whole procedure.
    What: a linear change, with the direction that shows it. When not: changes that leave the means alone;
    the fixed rule "AUC > .55", which alarms on one window in ten of unchanged content.
    x (n, d), y (m, d), at least `folds` rows each, else nan. blocks (n + m,): rows of one block (a session, a
    text that repeats) are held out together; else folds are random.
    Source: Lopez-Paz and Oquab, ICLR 2017; the hat matrix by folds: Cook, Technometrics 19, 1977.

    >>> x = np.arange(10.0)[:, None]
    >>> domain_classifier(x, x + 20.0, permutations=0).value
    1.0
    """
    n, m = len(x), len(y)
    if min(n, m) < folds:
        return NOTHING
    generator = np.random.default_rng(0) if rng is None else rng
    parts = _folds(np.arange(n + m) if blocks is None else blocks, folds, generator)
    labels = labels_of(n, m, permutations, generator)
    scores = held_out_scores(np.concatenate([x, y]).astype(np.float64), labels, parts, ridge)
    return TwoSample.of(area(scores, labels, parts))


def held_out_scores(rows: Floats, labels: NDArray[np.floating], folds: Folds, ridge: float) -> Floats:
    """(N, B) scores of each row by the ridge regression of each label column on the other folds' rows.

    rows (N, d), labels (N, B). The intercept is hardly penalised.
    """
    centred = rows - rows.mean(axis=0)
    strength = max(ridge * float((centred**2).sum()) / centred.shape[1], 1e-9)
    intercept = 1e4 * max(strength, float((centred**2).sum()) / len(centred))
    design = np.concatenate([centred, np.full((len(centred), 1), np.sqrt(intercept))], axis=1)
    hat = _hat(design, strength)
    fitted = hat @ labels
    scores: Floats = np.empty(fitted.shape)
    for rows_out in folds:
        rest = np.eye(len(rows_out)) - hat[np.ix_(rows_out, rows_out)]
        truth = labels[rows_out].astype(np.float64)
        scores[rows_out] = truth - np.linalg.solve(rest, truth - fitted[rows_out])
    return scores


def _hat(design: Floats, strength: float) -> Floats:
    """(N, N) Z (Z'Z + strength I)^-1 Z', by the smaller of the two systems."""
    size, columns = design.shape
    if columns < size:
        system = design.T @ design + strength * np.eye(columns)
        return np.asarray(design @ np.linalg.solve(system, design.T), dtype=np.float64)
    inverse = np.linalg.inv(design @ design.T + strength * np.eye(size))
    return np.asarray(np.eye(size) - strength * inverse, dtype=np.float64)


def area(scores: Floats, labels: NDArray[np.floating], folds: Folds) -> Floats:
    """(B,) area under the ROC curve within folds, weighed by their pairs; .5 where no fold has both labels.

    Within folds, since each fold's model has an intercept of its own.
    """
    from scipy.stats import rankdata

    right, pairs = np.zeros(labels.shape[1]), np.zeros(labels.shape[1])
    for rows_out in folds:
        inside = labels[rows_out]
        ones = inside.sum(axis=0, dtype=np.float64)
        ranks = (rankdata(scores[rows_out], axis=0) * inside).sum(axis=0)
        right += ranks - ones * (ones + 1.0) / 2.0
        pairs += ones * (len(rows_out) - ones)
    return np.asarray(np.where(pairs > 0, right / np.maximum(pairs, 1.0), 0.5), dtype=np.float64)


def _folds(blocks: NDArray[np.int64], folds: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Rows of each fold; a block is in one fold."""
    names, inverse = np.unique(blocks, return_inverse=True)
    place = rng.permutation(len(names)) % folds
    found = [np.flatnonzero(place[inverse] == k) for k in range(folds)]
    return [rows for rows in found if len(rows)]
