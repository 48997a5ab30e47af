"""Is there a word that everybody suddenly uses? See docs/checks/new_terms.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks._distances import Reading
from monitors.checks._past_blocks import ROOT, Usual
from monitors.checks._word_check import WordCheck
from monitors.checks._words import Vocabulary, both, counts, strengths, terms
from monitors.checks.base import WindowSample
from monitors.noise_scales import STILL_THERE

Floats = NDArray[np.float64]
MARGIN = 0.05
_LEAST_TEXTS = 3
_MOST = 10


class StrongestTerm:
    """The largest standard score of the log-odds of a word that at least three texts have."""

    power = ROOT

    def prepare(self, rows: NDArray[Any]) -> Floats:
        return counts(rows)

    def between(self, rows: NDArray[Any], prepared: Floats) -> float:
        now, before = both(rows, prepared)
        z = np.where(now >= _LEAST_TEXTS, strengths(now, before)[1], 0.0)
        return float(max(z.max(initial=0.0), 0.0))


class TermsView:
    """The terms, and how many more texts have one of them than usual."""

    unit = "standard errors"
    effect_unit = "share of texts with a new term"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._before = counts(vocabulary.rows)

    def rows(self, samples: Sequence[WindowSample]) -> NDArray[Any]:
        return self._vocabulary.of(samples)

    def effect(self, reading: Reading) -> float:
        return self._more_texts(reading.rows, self._new(reading))

    def size(self, reading: Reading) -> float:
        return self.effect(reading)

    def edge(self, usual: Usual, margin: float) -> float:
        # The margin is one of texts; the strength of a word has none of its own.
        return usual.level

    def still(self, reading: Reading, late: Any, late_excess: float) -> bool:
        # The strongest alone: a weak word may stand in the last few texts by chance.
        new = self._new(reading, 0.7)
        return self._more_texts(late, new) >= STILL_THERE * self._more_texts(reading.rows, new)

    def said(self, reading: Reading) -> str:
        named = ", ".join(self._vocabulary.names(self._new(reading)[:3])) or "no word"
        return (
            f"new terms: {named}; the strongest is {reading.value:.1f} standard errors away, in "
            f"{self.effect(reading):.1%} more of the texts than usual"
        )

    def figures(self, rows: NDArray[Any]) -> dict[str, float]:
        return {"different words a text": float(np.mean([len(r) for r in rows])), "texts": float(len(rows))}

    def extremity(self, rows: NDArray[Any]) -> Floats:
        """(k,) the strongest word of each text."""
        now, before = both(rows, self._before)
        z = np.where(now >= _LEAST_TEXTS, strengths(now, before)[1], 0.0)
        return np.array([float(z[r].max(initial=0.0)) for r in rows])

    def more(self, reading: Reading) -> dict[str, Any]:
        now, before = both(reading.rows, self._before)
        return {"terms": terms(self._vocabulary, now, before, least=reading.usual.level)}

    def _new(self, reading: Reading, part: float = 0.5) -> list[int]:
        """Words stronger than the strongest usually is, and than this part of the strongest of now."""
        now, before = both(reading.rows, self._before)
        z = np.where(now >= _LEAST_TEXTS, strengths(now, before)[1], 0.0)
        order = np.argsort(-z, kind="stable")[:_MOST]
        least = max(reading.usual.level, reading.value * part)
        return [int(i) for i in order if z[i] > least]

    def _more_texts(self, rows: NDArray[Any], new: Sequence[int]) -> float:
        """The share of the rows with one of these words, beyond the reference's; at least 0."""
        if not new or not len(rows):
            return 0.0
        chosen = np.array(new)
        now = float(np.mean([np.isin(chosen, r).any() for r in rows]))
        # Texts with one of them, at most; words that come together are counted twice.
        before = self._before[chosen[chosen < len(self._before)]].sum() / max(len(self._vocabulary.rows), 1)
        return max(0.0, now - float(min(before, 1.0)))


# Words that are used far more than before.
CHECK = WordCheck(
    name="new_terms",
    title="New terms",
    distance=StrongestTerm(),
    view=TermsView,
    margin=MARGIN,
)
