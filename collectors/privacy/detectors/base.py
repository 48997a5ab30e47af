"""What a detector is: a kind of personal data or secret that can be recognised by its form.

Two steps keep it cheap. Its `gate` is a regular expression in RE2 syntax that every text holding such a
thing matches; the gates of all detectors make two expressions, the sieves, that a whole batch is searched
for in linear time. Only a text that passes is looked at by `find`, which applies check digits and context.
Gates are few and short, for RE2 builds its automaton anew for every batch: use DIGITS, CODES or SIGN if one
will do, and leave exactness to `find`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from collectors.registry import Registry

# Between the digits of a number as people write it: also no-break spaces, and hyphens that are no minus.
SEPARATORS = " ().\\-/\u00a0\u2011\u2013\u202f"
# Seven digits close together, as RE2 reads it: what phone numbers, cards and most national ids have.
DIGITS = f"(?:[0-9][{SEPARATORS}]{{0,3}}){{6}}[0-9]"
# Letters and digits together: what the ids have that hold fewer digits in a row.
CODES = (
    "[A-Za-z]{5}[0-9]{2}[0-9A-Ta-t][0-9L-Vl-v]|[A-Za-z]{4}[0-9]{6}"
    "|[A-Za-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]"
)
SIGN = r"[^\s](?:@|%40)[^\s]"
# What may stand before a find: no letter or digit, unless that letter ends an escape such as \n in JSON text.
START = r"(?:(?<![^\W_])|(?<=\\[nrt]))"
END = r"(?![^\W_])"

_RUN = re.compile(f"[0-9][0-9{SEPARATORS}]{{5,}}[0-9]")
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Za-z]")

Place = tuple[int, int]
# Gates that count digits, and gates that look for words: mixed in one expression they multiply its states.
Sieve = Literal["numbers", "words"]


class Seen:
    """A text under examination, with what several detectors need of it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def runs(self) -> list[tuple[int, int, int]]:
        """Where digits and separators stand together: start, end, and how many digits; seven or more."""
        found = []
        for match in _RUN.finditer(self.text):
            digits = sum(character in "0123456789" for character in match[0])
            if digits >= 7:
                found.append((match.start(), match.end(), digits))
        return found

    @cached_property
    def longest(self) -> int:
        """How many digits the longest run has; 0 without a run."""
        return max((digits for _, _, digits in self.runs), default=0)

    def mentions(self, words: re.Pattern[str], place: Place, *, before: int = 48, after: int = 24) -> bool:
        """Whether `words` occur close to a place: up to `before` characters earlier, `after` later."""
        start, end = place
        near = self.text[max(0, start - before) : start] + "\n" + self.text[end : end + after]
        return words.search(near) is not None


class Detector(Protocol):
    """One kind. A module of this folder has an instance of it as `DETECTOR`.

    `tag` replaces a find, `title` says to people what is found, `default` whether it runs unless the
    configuration says otherwise, `rank` which detector wins where two overlap (the lower).
    """

    tag: str
    title: str
    default: bool
    rank: int
    gate: str
    sieve: Sieve

    def find(self, seen: Seen) -> Iterator[Place]:
        """Where the text has such things. Linear in the text, whatever the text is."""


DETECTORS: Registry[Detector] = Registry("collectors.privacy.detectors", "DETECTOR", "detector")


def about(words: str) -> re.Pattern[str]:
    """Context: any of `words` (alternatives of a regular expression), in either case, as whole words."""
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """A detector for things of a fixed form, such as most national ids.

    `shape` is taken when `valid` accepts it (called with its letters and digits, upper case). `loose` is a
    form that too many other things have: it needs a word of `context` close by as well. The rule for which
    of the two: alone stands a form of which about one random string in a hundred or fewer is valid. With the
    gate DIGITS only runs of `least` or more digits are read, and `margin` characters on both sides of them.
    """

    tag: str
    title: str
    gate: str
    valid: Callable[[str], bool]
    shape: re.Pattern[str] | None = None
    loose: re.Pattern[str] | None = None
    context: re.Pattern[str] | None = None
    margin: int = 0
    least: int = 9
    rank: int = 20
    default: bool = True
    sieve: Sieve = "numbers"

    def find(self, seen: Seen) -> Iterator[Place]:
        """Shapes that are valid. In texts that passed by the gate DIGITS only runs of digits are read."""
        if self.gate == DIGITS:
            if seen.longest < self.least:
                return
            parts = [(start, end) for start, end, digits in seen.runs if digits >= self.least]
        else:
            parts = [(0, len(seen.text))]
        for first, last in parts:
            # One character more, so that the pattern sees what follows.
            start, end = max(0, first - self.margin), last + self.margin + 1
            if self.shape is not None:
                for match in self.shape.finditer(seen.text, start, end):
                    if self.valid(plain(match[0])):
                        yield match.span()
            if self.loose is not None and self.context is not None:
                for match in self.loose.finditer(seen.text, start, end):
                    if self.valid(plain(match[0])) and seen.mentions(self.context, match.span()):
                        yield match.span()


def plain(text: str) -> str:
    """Its ASCII letters and digits, upper case.

    >>> plain("es-91 21")
    'ES9121'
    """
    return _NOT_ALPHANUMERIC.sub("", text).upper()


def number(shape: str) -> re.Pattern[str]:
    """A number that is not part of a longer one, of a decimal, of a word or of a hex identifier."""
    return re.compile(
        rf"(?:(?<![^\W_])(?<![0-9][.,\-/])(?<![0-9a-fA-F]{{4}}-)|(?<=\\[nrt]))(?:{shape})"
        r"(?![^\W_])(?![.,\-/][0-9])(?!-[0-9a-fA-F]{4}-)",
        re.ASCII,
    )


def code(shape: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """A code of letters and digits that is not part of a longer one."""
    return re.compile(f"{START}(?:{shape}){END}", re.ASCII | (re.IGNORECASE if ignore_case else 0))
