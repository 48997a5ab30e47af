"""Sentences, content words, numbers, names and negations of a text, as the local scorer compares them.

Plain rules, no model, no download. Made for English; other languages lose the stop words, the
stemming and the negation cues, and keep everything else.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

MAX_CHARACTERS = 20_000
MAX_SENTENCES = 200

_ENGLISH: dict[str, Any] = tomllib.loads(
    resources.files("monitors.judges").joinpath("english.toml").read_text("utf-8")
)
_NEGATIONS = frozenset(_ENGLISH["negations"])
_STOP = frozenset(_ENGLISH["stop"])
_NUMBER_WORDS: dict[str, str] = _ENGLISH["numbers"]
_OPPOSITE = {a: b for pair in _ENGLISH["opposites"] for a, b in (pair, reversed(pair))}

_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])|\n+|(?<=[\u3002\uff01\uff1f])")
_ABBREVIATION = re.compile(rf"(?:\b(?:{'|'.join(map(re.escape, _ENGLISH['abbreviations']))})|\b[A-Z])\.$")
_BULLET = re.compile(r"^\s*(?:[-*•#>]+|\d{1,3}[.)])\s+")
# Chinese and Japanese write without spaces: there, each character is a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:'[a-z]+)?")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_NAME = re.compile(r"\b(?:[A-Z][\w'-]*|[A-Za-z]+\d[\w-]*)")
_CURLY = {0x2018: "'", 0x2019: "'"}
_ENDINGS = (("ies", "y"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", ""), ("es", ""), ("s", ""))


@dataclass(frozen=True)
class Sentence:
    """One sentence, taken apart.

    Attributes:
        words: every word, lower case, in order.
        content: stems of the words that carry content.
        pairs: neighbouring content stems.
        numbers: numbers in canonical form: `2,099.00` and `2099` are one.
        names: capitalised words that do not start the sentence, and identifiers such as `gpt4`; lower case.
        negations: how many words deny.
        opposites: words of it that have an opposite, by stem.
    """

    text: str
    words: tuple[str, ...]
    content: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    numbers: frozenset[str]
    names: frozenset[str]
    negations: int
    opposites: frozenset[str]


def sentences(text: str) -> list[str]:
    """The sentences of a text, list items one each; at most MAX_SENTENCES of MAX_CHARACTERS.

    >>> sentences("Dr. Lee said so. Then:\\n- one thing\\n- two")
    ['Dr. Lee said so.', 'Then:', 'one thing', 'two']
    """
    found: list[str] = []
    held = ""
    for part in _END.split(text[:MAX_CHARACTERS]):
        piece = f"{held} {part.strip()}".strip() if held else part.strip()
        if _ABBREVIATION.search(piece[-8:]):
            held = piece
            continue
        held = ""
        piece = _BULLET.sub("", piece)
        if any(c.isalnum() for c in piece):
            found.append(piece)
    if held:
        found.append(held)
    return found[:MAX_SENTENCES]


@lru_cache(maxsize=50_000)
def analyse(sentence: str) -> Sentence:
    """The parts of one sentence; cached, because documents come back with every answer.

    >>> analyse("It does not cost $2,099.00 at Acme.").numbers
    frozenset({'2099'})
    """
    plain = sentence.translate(_CURLY)
    words = tuple(m.group().lower() for m in _WORD.finditer(plain))
    stems = [stem(w) for w in words if w not in _STOP and (len(w) > 1 or not w.isascii())]
    content = frozenset(stems)
    return Sentence(
        text=sentence,
        words=words,
        content=content,
        pairs=frozenset(pairwise(stems)),
        numbers=_numbers(plain, words),
        names=_names(plain),
        negations=sum(w in _NEGATIONS or w.endswith("n't") for w in words),
        opposites=frozenset(w for w in words if w in _OPPOSITE),
    )


def opposed(answer: Sentence, support: Sentence) -> bool:
    """Whether the support uses the opposite of a word of the answer, and not the word itself.

    >>> opposed(analyse("Limits are higher now"), analyse("Limits are lower now"))
    True
    """
    return any(
        _OPPOSITE[word] in support.opposites and word not in support.opposites for word in answer.opposites
    )


def stem(word: str) -> str:
    """A word without its commonest English endings; crude on purpose, and the same on both sides.

    >>> [stem(w) for w in ("refunds", "refunded", "refunding", "policies", "was")]
    ['refund', 'refund', 'refund', 'policy', 'was']
    """
    word = word.removesuffix("'s")
    for ending, instead in (
        ("ies", "y"),
        ("ing", ""),
        ("edly", ""),
        ("ed", ""),
        ("ly", ""),
        ("es", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            break
    return word.removesuffix("e") if len(word) > 4 else word


def _numbers(sentence: str, words: tuple[str, ...]) -> frozenset[str]:
    digits = {_canonical(m.group()) for m in _NUMBER.finditer(sentence)}
    return frozenset(digits | {_NUMBER_WORDS[w] for w in words if w in _NUMBER_WORDS})


def _canonical(number: str) -> str:
    plain = number.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _names(sentence: str) -> frozenset[str]:
    first = next((m.start() for m in _WORD.finditer(sentence)), 0)
    return frozenset(
        m.group().lower().removesuffix("'s")
        for m in _NAME.finditer(sentence)
        if m.start() != first and m.group().lower() not in _STOP
    )
