"""Which texts make the difference, in both directions: ranked by how much denser their side is around them,
near-duplicates folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.density import around, gain, median_width, whitened

_BEFORE, _NOW = 0, 1
_MOST = (3000, 1500)  # rows that are compared: of the reference, of now
_MOST_RANKED = 1500
# Shares of the median squared distance. A ratio of densities is sharpest where little else is near; the texts
# of one topic lie further apart than that.
_SHARP, _WIDE = 0.1, 0.25
# So that a place with few rows does not win by chance: the largest of a thousand ratios is picked.
_ERRORS = 4.0
_BEST = 0.2  # of the texts: what is new is a small part of what is said
# By cosine of the embeddings and not by shared shingles: the rows are at hand before any text is read, and
# the same question in other words is folded too, in every script.
_ALIKE = 0.9


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A text that is typical of one side and not of the other.

    Attributes:
        key: trace_id/span_id. score: see `Compared`. nearest: cosine to the nearest text of the other side.
        alike: how many near-duplicates it stands for.
        place: its row number. vanished: whether it is of the reference.
    """

    key: str
    place: int
    score: float
    nearest: float
    alike: int
    vanished: bool = False

    @property
    def why(self) -> str:
        """A sentence for people."""
        same = f"; {self.alike} more like it" if self.alike else ""
        other = "now" if self.vanished else "of the reference"
        return f"nearest text {other} has similarity {self.nearest:.2f}{same}"


class Compared:
    """Two sides of texts, made ready to be ranked: thinned evenly where they are large, and whitened.

    Each text has a lower bound of how many times denser its own side is around it, as a logarithm, with a
    narrow kernel. What lies above four fifths of these is its weight, and its score is the weight of the
    texts near it, of both sides, with a wider kernel: so the texts of a new topic vouch for each other. Only
    texts around which their own side is denser are told. A text with cosine above 0.9 to one already taken is
    folded into it.
    """

    def __init__(self, current: NDArray[Any], reference: NDArray[Any]) -> None:
        """current (n, d), reference (m, d): unit rows."""
        sides = (reference, current)
        self._places = [thin(len(s), most) for s, most in zip(sides, _MOST, strict=True)]
        self._plain = [np.asarray(s[p], dtype=np.float32) for s, p in zip(sides, self._places, strict=True)]
        self._empty = not len(current) or not len(reference)
        if not self._empty:
            self._white = whitened(*self._plain)
            self._width = median_width(*self._white)

    def new(
        self, keys: Sequence[str], *, most: int = 10, only: NDArray[np.int64] | None = None
    ) -> list[Telling]:
        """Texts of now that are new, most telling first; keys: of every row of now. Empty when a side is.

        only: numbers of the rows that may be ranked; None is all of them.
        """
        return self._ranked(_NOW, _BEFORE, keys, most, only)

    def vanished(self, keys: Sequence[str], *, most: int = 5) -> list[Telling]:
        """Texts of the reference that are not said any more, most telling first; keys: of all its rows."""
        return self._ranked(_BEFORE, _NOW, keys, most, None)

    def beside(self, telling: Sequence[Telling], *, most: int) -> NDArray[np.intp]:
        """Row numbers of the reference, of each text one: those nearest to any of these texts of now, the
        nearest first, at most `most`.
        """
        if not telling:
            return np.zeros(0, dtype=np.intp)
        rows = self._plain[_NOW][np.searchsorted(self._places[_NOW], [t.place for t in telling])]
        nearness = (rows @ self._plain[_BEFORE].T).max(axis=0)
        _, first = np.unique(self._plain[_BEFORE], axis=0, return_index=True)
        return self._places[_BEFORE][first[np.argsort(-nearness[first], kind="stable")][:most]]

    def _ranked(
        self, side: int, other: int, keys: Sequence[str], most: int, only: NDArray[np.int64] | None
    ) -> list[Telling]:
        if self._empty:
            return []
        places, plain, white = self._places[side], self._plain[side], self._white
        asked = thin(len(places), _MOST_RANKED)
        rows, sides = white[side][asked], (white[side], white[other])
        score, told = vouched(rows, *sides, width=self._width)
        if only is not None:
            told &= np.isin(places[asked], only)
        taken: list[int] = []
        alike: dict[int, int] = {}
        for i in np.flatnonzero(told)[np.argsort(-score[told], kind="stable")]:
            nearness = plain[asked[taken]] @ plain[asked[i]]
            twins = np.flatnonzero(nearness > _ALIKE)
            if len(twins):
                alike[taken[twins[0]]] += 1
            elif len(taken) < most:
                taken.append(int(i))
                alike[int(i)] = 0
        nearest = (plain[asked[taken]] @ self._plain[other].T).max(axis=1) if taken else np.zeros(0)
        return [
            Telling(
                key=keys[places[asked[i]]],
                place=int(places[asked[i]]),
                score=float(score[i]),
                nearest=float(near),
                alike=alike[i],
                vanished=side == _BEFORE,
            )
            for i, near in zip(taken, nearest, strict=True)
        ]


def vouched(
    rows: NDArray[Any], now: NDArray[Any], before: NDArray[Any], *, width: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(k,) scores of rows of `now`, and where `now` is denser than `before`; see `Compared`."""
    gains = gain(rows, now, before, width=_SHARP * width, errors=_ERRORS)
    weights = np.maximum(gains - np.quantile(gains, 1.0 - _BEST), 0.0)
    return around(rows, weights, now, before, width=_WIDE * width)


def thin(size: int, most: int) -> NDArray[np.intp]:
    """At most `most` of the numbers below `size`, evenly spaced."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(np.intp))
