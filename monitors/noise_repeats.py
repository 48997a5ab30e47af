"""Texts that come twice in a window: retries, double clicks, jobs that ask the same again. A repeat is no new
evidence, so a block that happens to hold many of them is known less well than its number of rows says.

What the noise model learns of repeats is their usual share. Where all requests of a quiet hour are looked at
there are more of them among the rows than in a sample of a busy one, and chance or a storm of retries adds
some. They can be seen, so their share in a block need not be guessed. A text that is simply common (a canned
answer) recurs between rows of any window as often as in the reference, and counts in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from monitors.noise_grid import noise_grid

Floats = NDArray[np.float64]


def same_pairs(rows: NDArray[np.float32]) -> float:
    """How many ordered pairs of different rows (k, d) hold the same text.

    >>> same_pairs(np.array([[1.0], [2.0], [1.0], [1.0]], np.float32))
    6.0
    """
    # Two texts rarely share their first number; only where some do are whole rows compared.
    if np.unique(rows[:, 0]).size == len(rows):
        return 0.0
    counts = Counter(row.tobytes() for row in np.ascontiguousarray(rows))
    return float(sum(count * (count - 1) for count in counts.values()))


def usual_sameness(groups: Iterable[NDArray[np.float32]]) -> float:
    """The chance that two rows of one window of the reference hold the same text."""
    same = [(same_pairs(rows), len(rows) * (len(rows) - 1)) for rows in groups]
    pairs = sum(pairs for _, pairs in same)
    return sum(alike for alike, _ in same) / pairs if pairs else 0.0


def excess_repeats(counts: Floats, pairs: Floats, usual: float) -> float:
    """The variance of the mean of a block's rows over that of as many rows with the usual repeats.

    counts, pairs: (T,) rows of its windows, and their `same_pairs`. usual: `usual_sameness`. At least 1, and
    at most the largest that the noise model knows: a text that is sent even more often is news.

    >>> excess_repeats(np.array([4.0]), np.array([6.0]), 0.1)
    1.923076923076923
    """
    seen = 1.0 + float(pairs.sum() / counts.sum())
    expected = 1.0 + usual * float((counts * (counts - 1.0)).sum() / counts.sum())
    return float(np.clip(seen / expected, 1.0, noise_grid().repeats.max()))
