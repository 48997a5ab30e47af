"""How a person types: slips of the keyboard, missing capitals, the grammar of a second language.

Each function takes a clean text and gives back what that person would have sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from sample_logs.grammar import pick

_NEIGHBOURS: Mapping[str, str] = {
    "a": "sqz", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
_SHORT: Mapping[str, str] = {
    "please": "pls", "you": "u", "your": "ur", "are": "r", "because": "cuz", "thanks": "thx", "tomorrow": "tmrw",
    "and": "n", "with": "w/", "without": "w/o", "message": "msg", "number": "nr", "about": "abt", "people": "ppl",
}  # fmt: skip
# Frequent slips of people whose first language has other articles, prepositions and word order.
_SECOND_LANGUAGE: tuple[tuple[str, str], ...] = (
    (r"\b(the|a|an) ", ""), (r"\bdoesn't\b", "don't"), (r"\bI am\b", "I'm being"), (r"\bhow do I\b", "how I can"),
    (r"\bhow can I\b", "how I can to"), (r"\bwhy is (\w+)\b", r"why \1 is"), (r"\bhas been\b", "is"),
    (r"\bhave been\b", "am"), (r"\bfor (\w+) days\b", r"since \1 days"), (r"\bI want\b", "I am wanting"),
    (r"\binformation\b", "informations"), (r"\bI have\b", "I'm having"), (r"\bdid not\b", "didn't"),
    (r"\bcan you\b", "you can"), (r"\bstopped\b", "is stop"), (r"\bwhat does (.+?) mean\b", r"what mean \1"),
    (r"\bthis\b", "that"), (r"\bto (get|change|pay|cancel|use)\b", r"for \1"), (r"\bmy\b", "mine"),
    (r"\bI pay\b", "I am paying"), (r"\bwhen will it be\b", "when it will be"), (r"\bdo I need\b", "I must have"),
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z']+")


def slips(rng: np.random.Generator, text: str, rate: float) -> str:
    """Typing errors: about `rate` of the words get a wrong neighbour, a lost, doubled or swapped letter."""

    def slip(found: re.Match[str]) -> str:
        word = found[0]
        if len(word) < 4 or rng.random() >= rate:
            return word
        at = 1 + int(rng.random() * (len(word) - 2))
        kind = int(rng.random() * 4)
        letter = word[at].lower()
        if kind == 0 and letter in _NEIGHBOURS:
            return word[:at] + pick(rng, _NEIGHBOURS[letter]) + word[at + 1 :]
        if kind == 1:
            return word[:at] + word[at + 1 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return _WORD.sub(slip, text)


def shortened(rng: np.random.Generator, text: str) -> str:
    """Chat spelling: some of the words that people shorten on a phone."""

    def shorten(found: re.Match[str]) -> str:
        short = _SHORT.get(found[0].lower())
        return short if short is not None and rng.random() < 0.7 else found[0]

    return _WORD.sub(shorten, text).replace("'", "")


def second_language(rng: np.random.Generator, text: str) -> str:
    """The slips of somebody who writes English as a foreign language: a few kinds, each applied throughout."""
    for pattern, slip in _SECOND_LANGUAGE:
        if rng.random() < 0.45:
            text = re.sub(pattern, slip, text)
    return text


def shouted(rng: np.random.Generator, text: str) -> str:
    """Capitals for one stretch of words, and more marks at the end."""
    parts = text.split(" ")
    start = int(rng.random() * max(1, len(parts) - 2))
    length = 1 + int(rng.random() * 4) if rng.random() < 0.8 else len(parts)
    loud = [part.upper() if start <= at < start + length else part for at, part in enumerate(parts)]
    marks = pick(rng, ("!!", "!!!", "!", "??", "?!", ""))
    return " ".join(loud).rstrip(".!?" if marks else "") + marks


def unpunctuated(rng: np.random.Generator, text: str) -> str:
    """One long breath: the stops become spaces, commas or an 'and'."""
    return re.sub(r"[.!] +", lambda _: pick(rng, (" ", " ", ", ", " and ", " ... ")), text).rstrip(".")
