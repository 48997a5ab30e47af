"""Is there a word that everybody suddenly uses? See docs/checks/new_terms.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
_PARTS = 6  # of a reference: a week less the day in question
_OFTEN = 12.0  # texts that a word needs for a wander of its own
_PRIOR_DAYS = 4.0  # days that all words together count as, for one word
_MOST = 10


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How often texts had each word, and how much that wandered.

    Attributes:
        counts: (V,) texts with each word. wander: (V,) variance of its log rate from day to day. common: the
        same for a word that is not among them.
    """

    counts: Floats
    wander: Floats
    common: float

    @classmethod
    def of(cls, rows: NDArray[Any]) -> Usage:
        """Of texts in time order: their sixths stand for days.

        Method of moments: Pearson's chi-square of a word beyond its degrees of freedom, drawn towards that of
        all words, since a week says little of one word. A word of a topic that comes and goes is then less of
        a surprise than one that was always the same.
        """
        total = counts(rows)
        parts = [counts(part, len(total)) for part in np.array_split(rows, _PARTS)]
        texts = np.array([float(len(part)) for part in np.array_split(rows, _PARTS)])
        rate = np.clip(total / max(len(rows), 1), 1e-12, 1.0 - 1e-9)
        expected = np.maximum(texts[:, None] * rate, 1e-12)
        pearson = ((np.stack(parts) - expected) ** 2 / (expected * (1.0 - rate))).sum(axis=0)
        beyond, weight = pearson - (_PARTS - 1.0), expected.mean(axis=0) * (_PARTS - 1.0)
        often = total >= _OFTEN
        common = max(0.0, float(beyond[often].sum() / weight[often].sum())) if often.any() else 0.0
        own = np.where(often, beyond / np.maximum(weight, 1e-12), common)
        wander = (_PRIOR_DAYS * common + (_PARTS - 1.0) * own) / (_PRIOR_DAYS + _PARTS - 1.0)
        return cls(counts=total, wander=np.maximum(wander, 0.0), common=common)

    def surprises(self, rows: NDArray[Any]) -> Floats:
        """(V,) log-odds of the words of some texts over their noise, of sampling and of wandering."""
        now, before = both(rows, self.counts)
        odds, z = strengths(now, before)
        wander = np.concatenate([self.wander, np.full(len(now) - len(self.wander), self.common)])
        error = np.divide(odds, z, out=np.ones(len(z)), where=z != 0.0)
        return np.where(now >= _LEAST_TEXTS, odds / np.sqrt(error**2 + wander), 0.0)


class StrongestTerm:
    """The largest surprise among the words that at least three texts have."""

    power = ROOT

    def prepare(self, rows: NDArray[Any]) -> Usage:
        return Usage.of(rows)

    def between(self, rows: NDArray[Any], prepared: Usage) -> float:
        return float(prepared.surprises(rows).max(initial=0.0))


class TermsView:
    """The terms, and how many more texts have one of them than usual."""

    unit = "standard errors"
    effect_unit = "share of texts with a new term"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._usage = Usage.of(vocabulary.rows)

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
        z = self._usage.surprises(rows)
        return np.array([float(z[r].max(initial=0.0)) for r in rows])

    def more(self, reading: Reading) -> dict[str, Any]:
        now, before = both(reading.rows, self._usage.counts)
        return {"terms": terms(self._vocabulary, now, before, least=reading.usual.level)}

    def _new(self, reading: Reading, part: float = 0.5) -> list[int]:
        """Words stronger than the strongest usually is, and than this part of the strongest of now."""
        z = self._usage.surprises(reading.rows)
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
        counted = self._usage.counts
        before = counted[chosen[chosen < len(counted)]].sum() / max(len(self._vocabulary.rows), 1)
        return max(0.0, now - float(min(before, 1.0)))


# Words that are used far more than before.
CHECK = WordCheck(
    name="new_terms",
    title="New terms",
    distance=StrongestTerm(),
    view=TermsView,
    margin=MARGIN,
)
