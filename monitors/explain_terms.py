"""Which words are new, and which are gone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from monitors.statistics.log_odds import log_odds

_WORD = re.compile(r"[^\W\d_][\w'\u2019-]+")
_LONGEST = 40
# Scripts without spaces between words: every two neighbouring characters are a word.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
PRIOR_WEIGHT = 0.1
# Two standard errors by one word are chance when thousands are looked at; three rarely are.
_LEAST_Z = 3.0


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word, its log-odds of current against reference, and how many standard errors that is."""

    term: str
    odds: float
    z: float


# Every breach of a day reads the same reference again.
@lru_cache(maxsize=16_384)
def words(text: str) -> frozenset[str]:
    """The words of a text, each once: a text that repeats itself is still one text.

    >>> sorted(words("Refund my card, my CARD 1234!"))
    ['card', 'my', 'refund']
    >>> sorted(words("退款 card"))
    ['card', '退款']
    """
    lower = text.lower()
    pairs = {run[i : i + 2] for run in _UNSPACED.findall(lower) for i in range(max(len(run) - 1, 1))}
    spaced = _WORD.findall(_UNSPACED.sub(" ", lower) if pairs else lower)
    return frozenset(w for w in spaced if len(w) <= _LONGEST) | pairs


def count_words(texts: Iterable[str]) -> Counter[str]:
    """In how many texts each word stands."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(words(text))
    return counts


def contrast(
    current: Counter[str], reference: Counter[str], *, most: int = 10
) -> tuple[list[Term], list[Term]]:
    """New and lost words by log-odds with an informative Dirichlet prior, most certain first.

    The prior is both sides together, so that words which are rare in both prove nothing. Empty when
    either side is. Source: Monroe, Colaresi and Quinn, "Fightin' Words", 2008, equations 16 and 20 to 22.
    """
    n_current, n_reference = sum(current.values()), sum(reference.values())
    if not n_current or not n_reference:
        return [], []
    vocabulary = sorted(current | reference)
    now = np.array([float(current[word]) for word in vocabulary])
    before = np.array([float(reference[word]) for word in vocabulary])
    odds, z = log_odds(now, before, PRIOR_WEIGHT * (now + before))
    terms = [
        Term(term=word, odds=o, z=e) for word, o, e in zip(vocabulary, odds.tolist(), z.tolist(), strict=True)
    ]
    new = sorted((t for t in terms if t.z >= _LEAST_Z), key=lambda t: (-t.z, t.term))
    lost = sorted((t for t in terms if t.z <= -_LEAST_Z), key=lambda t: (t.z, t.term))
    return new[:most], lost[:most]
