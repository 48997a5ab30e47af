"""Which texts make the difference: ranked by the witness function of MMD, near-duplicates folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_CURRENT = 1000
_MOST_REFERENCE = 1500
_ALIKE = 0.9


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A text that is typical of now and not of the reference.

    Attributes:
        key: trace_id/span_id. score: the witness function, above zero where now is denser.
        nearest: cosine to the nearest text of the reference. alike: how many near-duplicates it stands for.
    """

    key: str
    score: float
    nearest: float
    alike: int

    @property
    def why(self) -> str:
        """A sentence for people."""
        same = f"; {self.alike} more like it" if self.alike else ""
        return f"nearest text of the reference has similarity {self.nearest:.2f}{same}"


def rank(
    current: NDArray[Any], keys: Sequence[str], reference: NDArray[Any], *, most: int = 10
) -> list[Telling]:
    """The texts that tell the difference, most telling first.

    Args:
        current: (n, d) unit rows; keys: n keys. reference: (m, d) unit rows. Both are thinned evenly
            when they are large. Empty when either is.

    The witness is mean k(x, current) - mean k(x, reference) with a Gaussian kernel whose width is the
    median distance (Gretton et al. 2012, section 2.3). A text with cosine above 0.9 to one already
    taken is folded into it.
    """
    if not len(current) or not len(reference):
        return []
    places = _thin(len(current), _MOST_CURRENT)
    now = np.asarray(current[places], dtype=np.float32)
    before = np.asarray(reference[_thin(len(reference), _MOST_REFERENCE)], dtype=np.float32)
    inside, across = now @ now.T, now @ before.T
    # For unit rows the squared distance is 2 - 2 cosine.
    width = max(float(np.median(2 - 2 * across)), 1e-6)
    witness = np.exp((inside - 1) / width).mean(axis=1) - np.exp((across - 1) / width).mean(axis=1)
    nearest = across.max(axis=1)
    taken: list[int] = []
    alike: dict[int, int] = {}
    for i in np.argsort(-witness, kind="stable"):
        twin = next((t for t in taken if inside[i, t] > _ALIKE), None)
        if twin is not None:
            alike[twin] += 1
        elif len(taken) < most and witness[i] > 0:
            taken.append(int(i))
            alike[int(i)] = 0
    return [
        Telling(key=keys[places[i]], score=float(witness[i]), nearest=float(nearest[i]), alike=alike[i])
        for i in taken
    ]


def thinned(keys: Sequence[str], most: int) -> list[str]:
    """At most `most` of the keys, evenly spaced."""
    return [keys[i] for i in _thin(len(keys), most)]


def _thin(size: int, most: int) -> NDArray[np.intp]:
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(np.intp))
