"""Phone numbers: international by E.164, national by their grouping, the rest beside a word for phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors._calling_codes import has_calling_code
from collectors.privacy.detectors._phone_words import OTHER, PHONE, REACH, last
from collectors.privacy.detectors.base import DIGITS, SEPARATORS, Place, Seen, Sieve, plain

_LONGEST = 15  # E.164
_SHORTEST = 7
_GROUP = re.compile(r"[0-9]+")
_EXTENSION = re.compile(
    r"[ ,;]{0,2}(?:x|ext\.?|extension|Durchwahl|poste)[ .:#]{0,2}[0-9]{1,6}(?![0-9])", re.I
)
# North America: area code [2-9][0-8]x, in brackets any; exchange [2-9]xx but not x11. Three groups by
# spaces alone are no phone number yet.
_AREA, _EXCHANGE = "[2-9][0-8][0-9]", "[2-9](?!11)[0-9]{2}"
_AMERICAN = re.compile(
    r"(?<![0-9A-Za-z_])(?<![0-9][.\-/])(?:\(?(?:00)?1\)?[-. ]{0,2})?"
    rf"(?:\([2-9][0-9]{{2}}\)[-. ]{{0,2}}{_EXCHANGE}[-. ]"
    rf"|{_AREA}(?:-{_EXCHANGE}[-. ]|\.{_EXCHANGE}\.| {_EXCHANGE}-))"
    r"[0-9]{4}(?![0-9A-WYZa-wyz])(?![.\-/][0-9])"
)
# A trunk zero: an area or mobile code, then groups; or five pairs, as in France.
_TRUNK = re.compile(
    r"(?<![0-9A-Za-z_])(?<![0-9][.,\-/:])"
    r"(?:\(?0[1-9][0-9]{1,4}\)?[ /.\-\u00a0]{1,3}[0-9]{2,8}(?:[ .\-\u00a0][0-9]{2,5}){0,4}"
    r"|0[1-9]([ .\-\u00a0])[0-9]{2}(?:\1[0-9]{2}){3})"
    r"(?![0-9A-Za-z])(?![.,\-/:][0-9])"
)
_TRIPLES = re.compile(r"[0-9]{3}(?:[ .-][0-9]{3}){2}")
# What stands before a number that goes on to the left: the rest of an id, of a decimal.
_PART = re.compile(r"[\w.,/-]")
# Part of a longer name, of a path, of an amount.
_LINKED = re.compile(r"(?:[^\W_]|[^\W_][/_.-]|[$€£#])\Z")
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-./ ][01]?[0-9][-./ ][0-3]?[0-9]|[0-3]?[0-9][-./ ][0-3]?[0-9][-./ ](?:19|20)[0-9]{2}"
)


@dataclass(frozen=True)
class Phone:
    """Takes a number of 7 to 15 digits when its form or its neighbourhood says that it is one to call."""

    tag: str = "PHONE"
    title: str = "phone number"
    default: bool = True
    rank: int = 40
    gate: str = DIGITS
    sieve: Sieve = "numbers"

    def find(self, seen: Seen) -> Iterator[Place]:
        """The number with its prefix, brackets and extension."""
        text = seen.text
        for start, end, _ in seen.runs:
            for place in _in_run(seen, start, end):
                extension = _EXTENSION.match(text, place[1])
                yield place[0], extension.end() if extension else place[1]


def _in_run(seen: Seen, start: int, end: int) -> Iterator[Place]:
    text = seen.text
    if place := _international(text, start, end):
        yield place
        start = place[1]
    opened = start - 1 if start and text[start - 1] == "(" else start
    found = False
    for form in (_AMERICAN, _TRUNK):
        for match in form.finditer(text, opened, end + 1):
            digits = plain(match[0])
            # Three groups of three are the writing of many ids.
            trunk = 9 <= len(digits) <= 12 and not _TRIPLES.fullmatch(match[0])
            if (form is _AMERICAN or trunk) and not _DATE.match(match[0]):
                found = True
                yield match.span()
    if not found and start < end and (place := _beside_a_word(seen, start, end)):
        yield place


def _international(text: str, start: int, end: int) -> Place | None:
    """+ or 00, an assigned calling code, at most 15 digits. 00 needs groups: ids begin with zeros, too."""
    sign = next((n for n in (1, 2) if text[max(0, start - n) : start] in ("+", "+(")), 0)
    if sign:
        before = text[start - sign - 1 : start - sign]
        if before.isalnum() and text[start - sign - 2 : start - sign] not in ("\\n", "\\r", "\\t"):
            return None
        stop = _cut(text, start, end, _LONGEST)
        digits = plain(text[start:stop])
        if digits[:1] == "1" and len(digits) > 11:
            stop = _cut(text, start, end, 11)
            digits = plain(text[start:stop])
        well = has_calling_code(digits) and 8 <= len(digits) <= _LONGEST
        return (start - sign, stop) if well and (digits[0] != "1" or len(digits) == 11) else None
    if text.startswith("00", start) and not _PART.match(text[max(0, start - 1) : start]):
        stop = _cut(text, start, end, _LONGEST + 2)
        digits = plain(text[start:stop])
        grouped = len(digits) < stop - start
        if grouped and has_calling_code(digits[2:]) and 10 <= len(digits) <= _LONGEST + 2:
            return start, stop
    return None


def _beside_a_word(seen: Seen, start: int, end: int) -> Place | None:
    """Any grouping, when a word for phone is near, and none for something else is nearer."""
    text = seen.text
    if (
        _LINKED.search(text, max(0, start - 2), start)
        or text[end : end + 1].isalnum()
        or _DATE.match(text, start)
    ):
        return None
    stop = _cut(text, start, end, _LONGEST)
    digits = plain(text[start:stop])
    if not _SHORTEST <= len(digits) <= _LONGEST:
        return None
    opened = start - 1 if start and text[start - 1] == "(" and ")" in text[start:stop] else start
    near = text[max(0, start - 40) : start]
    strong, other = last(PHONE, near), last(OTHER, near)
    if strong > other or (other < 0 and PHONE.search(text[stop : stop + 20])):
        return opened, stop
    grouped = len(digits) < stop - start
    return (opened, stop) if grouped and last(REACH, near[-28:]) >= 0 and other < 0 else None


def _cut(text: str, start: int, end: int, most: int) -> int:
    """The end of the last group of digits with which the number has at most `most` of them."""
    stop, count = start, 0
    for group in _GROUP.finditer(text, start, end):
        between = text[stop : group.start()]
        if stop > start and (len(between) > 3 or len(between.strip(SEPARATORS.replace("\\", ""))) > 0):
            break
        if count + len(group[0]) > most:
            break
        count, stop = count + len(group[0]), group.end()
    return stop


DETECTOR = Phone()
