"""How a person types: slips of the keyboard, missing capitals, the grammar of a second language.

Each function takes a clean text and gives back what that person would have sent.
"""

from __future__ import annotations

import re

import numpy as np

from sample_logs.grammar import pick, words

_WORD = re.compile(r"[A-Za-z']+")


def slips(rng: np.random.Generator, text: str, rate: float) -> str:
    """Typing errors: about `rate` of the words get a wrong neighbour, a lost, doubled or swapped letter."""

    neighbours: dict[str, str] = words("spelling.toml")["neighbours"]

    def slip(found: re.Match[str]) -> str:
        word = found[0]
        if len(word) < 4 or rng.random() >= rate:
            return word
        at = 1 + int(rng.random() * (len(word) - 2))
        kind = int(rng.random() * 4)
        letter = word[at].lower()
        if kind == 0 and letter in neighbours:
            return word[:at] + pick(rng, neighbours[letter]) + word[at + 1 :]
        if kind == 1:
            return word[:at] + word[at + 1 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return _WORD.sub(slip, text)


def shortened(rng: np.random.Generator, text: str) -> str:
    """Chat spelling: some of the words that people shorten on a phone."""

    shorter: dict[str, str] = words("spelling.toml")["short"]

    def shorten(found: re.Match[str]) -> str:
        short = shorter.get(found[0].lower())
        return short if short is not None and rng.random() < 0.7 else found[0]

    return _WORD.sub(shorten, text).replace("'", "")


def second_language(rng: np.random.Generator, text: str) -> str:
    """The slips of somebody who writes English as a foreign language: a few kinds, all through."""
    for slip in words("spelling.toml")["second_language"]:
        if rng.random() < 0.45:
            text = re.sub(slip["pattern"], slip["instead"], text)
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

    def run_on(found: re.Match[str]) -> str:
        glue = pick(rng, (" ", " ", ", ", " and ", " ... "))
        return glue + (found[1] if found[1] == "I" else found[1].lower())

    return re.sub(r"[.!] +(I\b|.)", run_on, text).rstrip(".")
