"""Topics: groups of embeddings that lie together, and to which of them a row belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Rows = NDArray[np.floating[Any]]

COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 24)
ROWS = 800  # of which they are found: the tree grows with the square of it
_STEPS = 10


@dataclass(frozen=True, kw_only=True)
class Topics:
    """Groups of rows.

    Attributes:
        mean: (d,) of all rows. centres: (k, d) means of each group's directions from it.
        silhouette: how clearly they are apart: mean silhouette, -1 to 1; 0 for a single group.
    """

    mean: Floats
    centres: Floats
    silhouette: float

    def of(self, rows: Rows) -> Labels:
        """(n,) number of the nearest centre of each row (n, d); empty for none."""
        if not len(rows):
            return np.zeros(0, dtype=np.int64)
        nearest: Labels = np.argmax(self.nearness(rows), axis=1).astype(np.int64)
        return nearest

    def nearness(self, rows: Rows) -> Floats:
        """(n, k) larger for a nearer centre: -|x - c|^2 / 2 without the part that all centres share."""
        near: Floats = directions(rows, self.mean) @ self.centres.T - (self.centres**2).sum(axis=1) / 2.0
        return near


def directions(rows: Rows, mean: Floats) -> Floats:
    """(n, d) unit vectors from the mean to each row: what all texts share says nothing of their topics.

    >>> directions(np.array([[3.0, 4.0], [1.0, 1.0]]), np.array([0.0, 0.0])).round(3).tolist()
    [[0.6, 0.8], [0.707, 0.707]]
    """
    apart = np.asarray(rows, dtype=np.float64) - mean
    scaled: Floats = apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-12)
    return scaled


def find_topics(rows: Rows, *, counts: tuple[int, ...] = COUNTS) -> Topics:
    """Group unit rows (n, d), n >= 2, and choose how many groups there are.

    What: Ward's tree of the rows' directions from their mean, cut at each of `counts`; the cut with the
    largest mean silhouette is kept and its centres are refined by k-means from there. Nothing is drawn at
    random: the same rows give the same topics, whatever the seed; rows beyond 800 are thinned evenly. When
    not: for topics of less than 1 % of the rows, and as a claim that there are exactly so many topics: real
    texts have them at every size. A single group when no cut is possible. Sources: Ward, JASA 58, 1963;
    Rousseeuw, J. Comput. Appl. Math. 20, 1987.

    >>> found = find_topics(np.repeat(np.eye(3), 20, axis=0))
    >>> len(found.centres), sorted(np.bincount(found.of(np.eye(3))).tolist())
    (3, [1, 1, 1])
    """
    from scipy.cluster.hierarchy import fcluster, ward
    from sklearn.cluster import KMeans

    chosen = np.asarray(rows, dtype=np.float64)
    if len(chosen) > ROWS:
        chosen = chosen[np.linspace(0, len(chosen) - 1, ROWS).round().astype(np.int64)]
    mean: Floats = chosen.mean(axis=0)
    apart = directions(chosen, mean)
    single = Topics(mean=mean, centres=apart.mean(axis=0, keepdims=True), silhouette=0.0)
    if len(chosen) < 3:
        return single
    tree = ward(apart)
    gram = apart @ apart.T
    distances = np.sqrt(np.maximum(2.0 - 2.0 * gram, 0.0))
    np.fill_diagonal(distances, 0.0)
    best, labels = 0.0, None
    for count in counts:
        cut = np.unique(fcluster(tree, count, "maxclust"), return_inverse=True)[1].astype(np.int64)
        score = silhouette(distances, cut)
        if score > best:
            best, labels = score, cut
    if labels is None:
        return single
    starts = np.stack([apart[labels == k].mean(axis=0) for k in range(int(labels.max()) + 1)])
    refined = KMeans(n_clusters=len(starts), init=starts, n_init=1, max_iter=_STEPS).fit(apart)
    return Topics(mean=mean, centres=np.asarray(refined.cluster_centers_, dtype=np.float64), silhouette=best)


def silhouette(distances: Floats, labels: Labels) -> float:
    """The mean silhouette of rows in groups 0..k-1: 1 where groups are tight and far apart, about 0 where
    they overlap.

    distances: (n, n). A row alone in its group counts 0; 0.0 for a single group or as many groups as rows.
    Source: Rousseeuw, J. Comput. Appl. Math. 20, 1987.

    >>> apart = np.abs(np.subtract.outer([0.0, 1.0, 9.0, 10.0], [0.0, 1.0, 9.0, 10.0]))
    >>> round(silhouette(apart, np.array([0, 0, 1, 1])), 6)
    0.888545
    """
    sizes = np.bincount(labels).astype(np.float64)
    if len(sizes) < 2 or len(sizes) >= len(labels):
        return 0.0
    sums = distances @ np.eye(len(sizes))[labels]
    own = sums[np.arange(len(labels)), labels] / np.maximum(sizes[labels] - 1.0, 1.0)
    means = sums / sizes
    means[np.arange(len(labels)), labels] = np.inf
    other = means.min(axis=1)
    wide = np.maximum(own, other)
    width = np.where((sizes[labels] > 1) & (wide > 0), (other - own) / np.where(wide > 0, wide, 1.0), 0.0)
    return float(width.mean())
