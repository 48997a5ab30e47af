"""How easily an answer reads, from its form alone: no model, no reference, bounded between 0 and 3."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from monitors.judges.text import MAX_CHARACTERS, analyse, sentences

_STRUCTURE = re.compile(r"\n\s*(?:[-*•]|\d{1,3}[.)])\s|\n\s*\n|^#{1,4} ", re.MULTILINE)
_EASY_WORDS_A_SENTENCE, _HARD_WORDS_A_SENTENCE = 22.0, 45.0
_EASY_LETTERS_A_WORD, _HARD_LETTERS_A_WORD = 5.6, 8.5
_WORDS_BEFORE_STRUCTURE = 150
# Unicode categories of common punctuation: dashes, quotes, full stops and commas, currency, accents.
_PLAIN = frozenset({"Pd", "Pi", "Pf", "Po", "Sc", "Mn", "Mc"})


@dataclass(frozen=True, kw_only=True)
class Readability:
    """What makes an answer hard to read; every penalty is between 0 and its weight.

    Attributes:
        score: 0 (unreadable) to 3 (nothing in the way).
        penalties: points lost by cause, those that are not zero.
    """

    score: float
    penalties: dict[str, float]

    @property
    def rationale(self) -> str:
        """One line for people."""
        if not self.penalties:
            return "short sentences, plain words, no repetition"
        worst = sorted(self.penalties.items(), key=lambda item: -item[1])
        return "loses " + ", ".join(f"{points:.1f} for {cause}" for cause, points in worst)


def readability(text: str) -> Readability | None:
    """Readability of an answer; None for a text without a word.

    Long sentences cost up to 1 point, long words 0.5, repetition 1.5, a long answer in one block 0.4,
    an end in the middle of a sentence 0.4, and text that is mostly symbols 1.5. The anchors follow the
    usual advice for plain English (sentences of 15 to 20 words). Not for code and not for poems.

    >>> readability("Open the settings. Choose Billing, then press Cancel.").score
    3.0
    """
    text = text[:MAX_CHARACTERS]
    parts = [analyse(s) for s in sentences(text)]
    words = [w for p in parts for w in p.words]
    if not words:
        return None
    penalties = {
        "long sentences": 1.0
        * _between(len(words) / len(parts), _EASY_WORDS_A_SENTENCE, _HARD_WORDS_A_SENTENCE),
        "long words": 0.5
        * _between(sum(map(len, words)) / len(words), _EASY_LETTERS_A_WORD, _HARD_LETTERS_A_WORD),
        "repetition": 1.5 * _between(_repeated(words), 0.08, 0.6),
        "one long block": 0.4 * (len(words) > _WORDS_BEFORE_STRUCTURE and not _STRUCTURE.search(text)),
        "ending in mid-sentence": 0.4 * _breaks_off(text),
        "symbols": 1.5 * _between(_symbols(text), 0.15, 0.5),
    }
    lost = {cause: points for cause, points in penalties.items() if points > 0}
    return Readability(score=max(0.0, 3.0 - sum(lost.values())), penalties=lost)


def _between(value: float, good: float, bad: float) -> float:
    """0 at `good` or better, 1 at `bad` or worse, a straight line between."""
    return min(1.0, max(0.0, (value - good) / (bad - good)))


def _repeated(words: list[str]) -> float:
    """Share of word triples that were there before; 0 for fewer than ten words."""
    if len(words) < 10:
        return 0.0
    triples = list(zip(words, words[1:], words[2:], strict=False))
    return 1.0 - len(set(triples)) / len(triples)


def _symbols(text: str) -> float:
    """Share of visible characters that are neither letters, digits nor punctuation."""
    visible = [c for c in text if not c.isspace()]
    odd = sum(not (c.isalnum() or c in "()" or unicodedata.category(c) in _PLAIN) for c in visible)
    return odd / len(visible) if visible else 0.0


def _breaks_off(text: str) -> bool:
    """Whether a text of some length ends without an end: cut off by a token limit, usually."""
    end = text.rstrip()
    return len(end) > 200 and (end[-1].isalnum() or end[-1] in ",;(-")
