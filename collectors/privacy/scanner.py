"""Finds and replaces in many texts at once: one search over all of them, then a closer look at the few.

Redaction is a fixed point: what it returns, it returns unchanged, since each text goes round until nothing
more is found. JSON in a text is taken apart first, so that it stays JSON.
"""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from collectors.privacy.config import PatternRule
from collectors.privacy.detectors.base import Detector, Seen

SHORTEST = 6  # of anything that a detector finds: a@b.co
_ROUNDS = 8
_DEEPEST = 4

# Start, end, tag.
Find = tuple[int, int, str]
Found = tuple[int, int, int, int, str]


class Recogniser(Protocol):
    """Something that finds what has no form of its own, such as names."""

    rank: int

    def find(self, text: str) -> Iterable[Find]:
        """Where, until where, and by which tag it is replaced."""


class Scanner:
    """Detectors and patterns of one's own, compiled once."""

    def __init__(
        self,
        detectors: Sequence[Detector],
        patterns: Sequence[tuple[str, PatternRule]] = (),
        recogniser: Recogniser | None = None,
        inside: Callable[[Any, Callable[[Iterable[str]], dict[str, str]]], Any] | None = None,
    ) -> None:
        sieves: dict[str, dict[str, list[Detector]]] = {}
        for detector in detectors:
            sieves.setdefault(detector.sieve, {}).setdefault(detector.gate, []).append(detector)
        self._sieves = [(_union(gates), list(gates.items())) for gates in sieves.values()]
        self._any = _union(sieve for sieve, _ in self._sieves)
        self._patterns = [(rule, replacement(name, rule)) for name, rule in patterns]
        self._recogniser = recogniser
        self._inside = inside

    @property
    def reads_every_text(self) -> bool:
        """Whether no sieve can tell that a text holds nothing."""
        return self._recogniser is not None

    def holding(self, texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
        """Which texts a sieve or a pattern holds back; all others `changes` would leave as they are."""
        expressions = [self._any] if self._sieves else []
        expressions += [rule.expression for rule, _ in self._patterns]
        masks = [pc.match_substring_regex(texts, pattern=expression) for expression in expressions]
        found = reduce(pc.or_, masks) if masks else pc.is_null(texts)
        return pc.and_(pc.fill_null(found, False), pc.is_valid(texts))

    def text(self, text: str) -> str:
        """One text, redacted."""
        return self.changes([text]).get(text, text)

    def changes(self, texts: Iterable[str], depth: int = 0) -> dict[str, str]:
        """Of distinct texts those that hold something, with what they become."""
        given = list(texts)
        held = self._sifted(given)
        made: dict[str, str] = {}
        flat = []
        for text, which in zip(given, held, strict=True):
            if not which:
                continue
            new = self._json(text, depth)
            if new is None:
                flat.append((text, which))
            elif new != text:
                made[text] = new
        made.update(self._flat(flat))
        return made

    def _sifted(self, texts: list[str]) -> list[int]:
        """Which sieves hold each text back, as bits: the detectors' first, then one for all patterns."""
        held = [0] * len(texts)
        column = _column(texts)
        # One search for all of them leaves few texts to be searched for each.
        among = _places(column, [self._any]) if self._sieves else []
        few = column.take(pa.array(among, pa.int64()))
        for number, (sieve, _) in enumerate(self._sieves):
            for place in _places(few, [sieve]):
                held[among[place]] |= 1 << number
        # A pattern of one's own is searched for by itself: nobody knows what it would do to the others.
        number = len(self._sieves)
        for place in _places(column, [rule.expression for rule, _ in self._patterns]):
            held[place] |= 1 << number
        return held if self._recogniser is None else [which | 1 << (number + 1) for which in held]

    def _json(self, text: str, depth: int) -> str | None:
        """A text that is JSON, with its values redacted; None for one that is not, or is too deep."""
        data = _parsed(text) if self._inside is not None and depth < _DEEPEST else None
        if data is None or self._inside is None:
            return None
        try:
            new = self._inside(data, lambda texts: self.changes(texts, depth + 1))
            return text if new is data else json.dumps(new, ensure_ascii=False)
        except RecursionError:
            return None

    def _flat(self, texts: list[tuple[str, int]]) -> dict[str, str]:
        now = {text: text for text, _ in texts}
        going, held = [text for text, _ in texts], [which for _, which in texts]
        for number in range(_ROUNDS):
            old = [now[text] for text in going]
            new = self._round(old, held, first=number == 0)
            changed = [text for text, was, made in zip(going, old, new, strict=True) if was != made]
            now.update(zip(going, new, strict=True))
            if not changed:
                break
            going, held = changed, self._sifted([now[text] for text in changed])
        return {text: new for text, new in now.items() if new != text}

    def finds(self, text: str) -> list[Find]:
        """Where one flat text holds what, in order, as far as the detectors find it."""
        return self._look([text], self._sifted([text]))[0]

    def _round(self, texts: list[str], held: list[int], *, first: bool) -> list[str]:
        for rule, by in self._patterns:
            # What copies a group may grow without end, so it is done once.
            if (first or "\\" not in by) and texts:
                texts = _replaced(texts, rule.expression, by)
        finds = self._look(texts, held)
        return [_put(text, found) if found else text for text, found in zip(texts, finds, strict=True)]

    def _look(self, texts: list[str], held: list[int]) -> list[list[Find]]:
        finds: list[list[Found]] = [[] for _ in texts]
        seen: dict[int, Seen] = {}
        for number, (_, gates) in enumerate(self._sieves):
            among = [place for place, which in enumerate(held) if which >> number & 1]
            column = _column([texts[place] for place in among])
            for gate, detectors in gates if among else ():
                for place in (among[n] for n in _places(column, [gate])):
                    text = seen.setdefault(place, Seen(texts[place]))
                    for d in detectors:
                        finds[place] += [(d.rank, s, s - e, e, f"[{d.tag}]") for s, e in d.find(text)]
        if self._recogniser is not None:
            rank = self._recogniser.rank
            for place, each in enumerate(texts):
                finds[place] += [(rank, s, s - e, e, tag) for s, e, tag in self._recogniser.find(each)]
        return [_chosen(found) for found in finds]


def replacement(name: str, rule: PatternRule) -> str:
    """What a pattern's finds become."""
    return f"[{name.upper()}]" if rule.replacement is None else rule.replacement


def _chosen(found: list[Found]) -> list[Find]:
    """Finds that do not overlap: the better rank wins, then the earlier, then the longer."""
    taken: list[Find] = []
    for _, start, _, end, tag in sorted(found):
        place = _first_after(taken, start)
        free = place == len(taken) or taken[place][0] >= end
        if start < end and free and (place == 0 or taken[place - 1][1] <= start):
            insort(taken, (start, end, tag))
    return taken


def _put(text: str, finds: list[Find]) -> str:
    parts, last = [], 0
    for start, end, tag in finds:
        parts += [text[last:start], tag]
        last = end
    return "".join([*parts, text[last:]])


def _first_after(taken: list[Find], start: int) -> int:
    low, high = 0, len(taken)
    while low < high:
        middle = (low + high) // 2
        if taken[middle][0] < start:
            low = middle + 1
        else:
            high = middle
    return low


def _union(expressions: Iterable[str]) -> str:
    return "|".join(f"(?:{expression})" for expression in expressions)


def _column(texts: Sequence[str]) -> pa.Array:
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        # A lone surrogate; a question mark in its place is in nobody's way.
        return pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.large_string())


def _places(column: pa.Array, expressions: Sequence[str]) -> list[int]:
    """Where the texts are that match any of the expressions."""
    if not len(column) or not expressions:
        return []
    masks = [pc.match_substring_regex(column, pattern=expression) for expression in expressions]
    found: list[int] = pc.indices_nonzero(reduce(pc.or_, masks)).to_pylist()
    return found


def _replaced(texts: list[str], expression: str, by: str) -> list[str]:
    new: list[str] = pc.replace_substring_regex(
        _column(texts), pattern=expression, replacement=by
    ).to_pylist()
    return new


def _parsed(text: str) -> dict[str, Any] | list[Any] | None:
    """The object or list that a text is in JSON; None for any other text."""
    if text[:1] not in "{[" and text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, (dict, list)) else None
