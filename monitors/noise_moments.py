"""Why a few rows are not Gaussian, and by how much that lengthens the tail of a quadratic form.

The mean of n rows of a mixture of topics is far from normal for n = 30: a rare topic is there twice or not at
all. The exact cumulants of the squared length of a mean follow from the moments of inner products of single
rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RowMoments:
    """Moments of h(x, y) = sum a_j x_j y_j over centred rows x, y, z and so on.

    Attributes:
        h2, h3, h4: E h(x,y)^k. triangle: E h(x,y) h(y,z) h(z,x). square: the same around four rows.
        double: E h(x,y)^2 h(y,z) h(z,x). star: Var of E[h(x,y)^2 | x].
        own2: Var h(x,x). own_pair: Cov of h(x,x) and h(x,y)^2. own_own: E g(x) h(x,y) g(y) with g = h(x,x)
        centred. own_triangle: E g(x) h(x,y) h(y,z) h(z,x). own_path: E g(x) h(x,y) h(y,z) g(z).
    """

    h2: float
    h3: float
    h4: float
    triangle: float
    square: float
    double: float
    star: float
    own2: float
    own_pair: float
    own_own: float
    own_triangle: float
    own_path: float

    def inflation(self, n: float) -> Floats:
        """(4,) cumulants of n |mean of n rows|^2 over those of a Gaussian with the same covariance; at least
        1.

        >>> rng = np.random.default_rng(0)
        >>> normal = row_moments(rng.standard_normal((600, 3)), np.ones(3))
        >>> bool(np.all(normal.inflation(1e9) < 1.001))
        True
        """
        # With the pairs' part (2/n) sum_{i<j} h_ij and the rows' own part (1/n) sum_i h_ii, to the order 1/n.
        k2 = 2.0 * self.h2 + self.own2 / n
        k3 = 8.0 * self.triangle + (4.0 * self.h3 + 12.0 * self.own_pair + 6.0 * self.own_own) / n
        k4 = 48.0 * self.square + (96.0 * self.double + 48.0 * self.star) / n
        k4 += (96.0 * self.own_triangle + 48.0 * self.own_path) / n
        k4 += 8.0 * max(self.h4 - 3.0 * self.h2**2, 0.0) / n**2
        gaussian = np.array([1.0, 2.0 * self.h2, 8.0 * self.triangle, 48.0 * self.square])
        ratio: Floats = np.maximum(np.array([1.0, k2, k3, k4]) / np.maximum(gaussian, 1e-300), 1.0)
        return ratio


def row_moments(rows: Floats, weights: Floats) -> RowMoments:
    """Estimate from m centred rows (m, d) and the weights a (d,); O(m^3), so give some hundreds."""
    m = len(rows)
    gram = (rows * weights) @ rows.T
    own = np.diag(gram) - np.diag(gram).mean()
    np.fill_diagonal(gram, 0.0)
    pairs, triples = m * (m - 1), m * (m - 1) * max(m - 2, 1)
    squared = gram**2
    product = gram @ gram
    by_row = squared.sum(axis=1) / max(m - 1, 1)
    h2, h3 = float(squared.sum() / pairs), float((squared * gram).sum() / pairs)
    triangle = max(float((product * gram).sum() / triples), 1e-300)
    # Around four different rows: closed walks of four steps, without those that turn back.
    walks = (product**2).sum() - 2.0 * (squared.sum(axis=1) ** 2).sum() + (squared**2).sum()
    # Few rows may say less than what the other moments allow at least.
    square = max(float(walks) / (triples * max(m - 3, 1)), triangle**2 / max(h2, 1e-300))
    return RowMoments(
        h2=h2,
        h3=h3,
        h4=float((squared**2).sum() / pairs),
        triangle=triangle,
        square=max(square, 1e-300),
        double=max(float((squared * product).sum() / triples), 0.0),
        star=float(by_row.var()),
        own2=float(own.var()),
        own_pair=float((own * by_row).mean()),
        own_own=float(own @ gram @ own / pairs),
        own_triangle=float((own * np.einsum("ij,ji->i", product, gram)).sum() / triples),
        own_path=float(own @ product @ own / triples),
    )
