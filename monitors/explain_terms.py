"""Which words are new, and which are gone."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_][\w'\u2019-]+")
_LONGEST = 40
_PRIOR_WEIGHT = 0.1
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
    """
    return frozenset(w for w in _WORD.findall(text.lower()) if len(w) <= _LONGEST)


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
    prior = {word: _PRIOR_WEIGHT * (current[word] + reference[word]) for word in current | reference}
    total = sum(prior.values())
    terms = [
        _term(word, current[word], n_current, reference[word], n_reference, alpha, total)
        for word, alpha in prior.items()
    ]
    new = sorted((t for t in terms if t.z >= _LEAST_Z), key=lambda t: (-t.z, t.term))
    lost = sorted((t for t in terms if t.z <= -_LEAST_Z), key=lambda t: (t.z, t.term))
    return new[:most], lost[:most]


def _term(word: str, y_i: int, n_i: int, y_j: int, n_j: int, alpha: float, total: float) -> Term:
    odds_i = math.log((y_i + alpha) / (n_i + total - y_i - alpha))
    odds_j = math.log((y_j + alpha) / (n_j + total - y_j - alpha))
    variance = 1 / (y_i + alpha) + 1 / (y_j + alpha)
    return Term(term=word, odds=odds_i - odds_j, z=(odds_i - odds_j) / math.sqrt(variance))
