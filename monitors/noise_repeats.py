"""Texts that come twice in a window: retries, double clicks, jobs that ask the same again. A repeat is no new
evidence, so a block that happens to hold many of them is known less well than its number of rows says.

What the noise model learns of repeats is their usual share. Where all requests of a quiet hour are looked at
there are more of them among the rows than in a sample of a busy one, and chance or a storm of retries adds
some. They can be seen, so their share in a block need not be guessed. A text that is simply common (a canned
answer) recurs between rows of any window as often as in the reference, and counts in full.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitors.noise_grid import noise_grid

Floats = NDArray[np.float64]
_TOLD_BY = 8  # first numbers of a row


def same_pairs(groups: Sequence[NDArray[np.float32]]) -> Floats:
    """(T,) how many ordered pairs of different rows (k, d) of each of T windows hold the same text.

    >>> same_pairs([np.array([[1.0], [2.0], [1.0], [1.0]], np.float32)]).tolist()
    [6.0]
    """
    window, order, first = _texts(groups)
    count = np.diff(np.r_[first, window.size]).astype(np.float64)
    pairs = np.bincount(window[order][first], weights=count * (count - 1.0), minlength=len(groups))
    return pairs.astype(np.float64)


def first_told(groups: Sequence[NDArray[np.float32]]) -> NDArray[np.bool_]:
    """(all rows,) whether none before it in its window, of T with rows (k, d), holds the same text.

    >>> first_told([np.array([[1.0], [2.0], [1.0]], np.float32), np.ones((1, 1), np.float32)]).tolist()
    [True, True, False, True]
    """
    window, order, first = _texts(groups)
    told = np.zeros(window.size, dtype=bool)
    told[order[first]] = True
    return told


def _texts(
    groups: Sequence[NDArray[np.float32]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The window of each of N rows; N places, the same texts of a window one after the other in their order;
    and where each text begins among these.
    """
    window = np.repeat(np.arange(len(groups)), [len(rows) for rows in groups])
    if not window.size:
        return window, window, window
    # Texts that are not the same do not share so many numbers, and a sum of these sorts fast.
    told = np.concatenate([rows[:, :_TOLD_BY] for rows in groups]).astype(np.float64)
    key = (told * np.sqrt(np.arange(2.0, 2.0 + told.shape[1]))).sum(axis=1)
    order = np.lexsort((key, window))
    new = (np.diff(key[order]) != 0.0) | (np.diff(window[order]) != 0)
    return window, order, np.flatnonzero(np.r_[True, new])


def usual_sameness(groups: Sequence[NDArray[np.float32]]) -> float:
    """The chance that two rows of one window of the reference hold the same text."""
    pairs = sum(len(rows) * (len(rows) - 1) for rows in groups)
    return float(same_pairs(groups).sum() / pairs) if pairs else 0.0


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
