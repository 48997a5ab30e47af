"""What a set of attribute keys means, worked out once: the spans of a program have one of few sets.

Of each key it is known whether its value differs from span to span and goes into one column (*own*), or
is the same in many spans and may mean anything (*shared*). Shapes with a key of neither kind are not usable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors import cleaning, semconv
from collectors.semconv_index import LINEAGE_PREFIX, Index
from collectors.sources._otlp_notes import has_notes

COUNTS = ("input_tokens", "output_tokens", "cached_tokens")
IDS = ("user_id", "session_id")
_FIRST_TOKEN = ("first_token_s", "first_token_ms")
AMOUNTS: Mapping[str, str] = {"cost_usd": "cost_usd", **dict.fromkeys(_FIRST_TOKEN, "time_to_first_token_s")}
_OWN_FIELDS = frozenset({*COUNTS, *IDS, *AMOUNTS, "total_tokens"})
_INPUT = frozenset({*semconv.INPUT_MESSAGES, *semconv.INPUT_VALUE})
_OUTPUT = frozenset({*semconv.OUTPUT_MESSAGES, *semconv.OUTPUT_VALUE, *semconv.OUTPUT_CALLS})
_INPUT_FLAT = (*semconv.INPUT_FLAT, semconv.EMBEDDED_TEXT)
# Read from many places, or written by `to_span` itself.
_NOT_USABLE = frozenset(
    {semconv.METADATA, *semconv.DOCUMENTS, "resource", "events", semconv.STATUS_DESCRIPTION}
)
_NOT_USABLE_PREFIXES = (semconv.OWN_PREFIX, *semconv.DOCUMENTS_FLAT, *semconv.NOTE_PREFIXES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One set of keys in its order; the numbers are places in it.

    Attributes:
        shared: places of the values that many spans have in common.
        counts, amounts, ids: (span field, place) of the values that go into a column as they are.
        first_token_ms: whether the time to the first token is in milliseconds.
        input, output: whether any key may hold the text of that side.
        flat: whether texts are spread over several keys.
        own_kept: (place, key) of what stays in `attributes` and is not shared.
    """

    usable: bool
    shared: tuple[int, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    amounts: tuple[tuple[str, int], ...] = ()
    ids: tuple[tuple[str, int], ...] = ()
    first_token_ms: bool = False
    input: bool = False
    output: bool = False
    flat: bool = False
    own_kept: tuple[tuple[int, str], ...] = ()


_NO_SHAPE = Shape(usable=False)


def shape_of(attributes: Mapping[str, Any], index: Index, plain: Callable[[str], bool]) -> Shape:
    """The shape of the keys; not usable where one that is kept as it came is not `plain`, but private."""
    keys = tuple(attributes)
    if has_notes(attributes) or not all(map(_is_sound, keys)):
        return _NO_SHAPE
    best: dict[str, tuple[int, int]] = {}
    shared: list[int] = []
    own_kept: list[tuple[int, str]] = []
    flats = set()
    for place, key in enumerate(keys):
        meaning = index.place(key)
        names = {name for name, _ in meaning.fields}
        told = any(name.startswith(LINEAGE_PREFIX) for name in names)
        is_text = key in _INPUT or key in _OUTPUT
        own = bool(names & _OWN_FIELDS) or is_text or meaning.flat is not None or key not in _KNOWN
        if names - _OWN_FIELDS or meaning.parameter is not None or not own:
            if names & _OWN_FIELDS or is_text or (told and meaning.flat is not None):
                return _NO_SHAPE
            shared.append(place)
        elif meaning.kept:
            if not plain(key):
                return _NO_SHAPE
            own_kept.append((place, key))
        if meaning.flat is not None:
            flats.add(meaning.flat[0])
        for name, rank in meaning.fields:
            best[name] = min(best.get(name, (rank, place)), (rank, place))
    fields = {name: place for name, (_, place) in best.items() if name in _OWN_FIELDS}
    # A total says nothing beside its two parts, and stands for one that is missing.
    if "total_tokens" in fields and not {"input_tokens", "output_tokens"} <= fields.keys():
        return _NO_SHAPE
    if all(name in fields for name in _FIRST_TOKEN):
        return _NO_SHAPE
    return Shape(
        usable=True,
        shared=tuple(shared),
        counts=tuple((name, fields[name]) for name in COUNTS if name in fields),
        amounts=tuple((AMOUNTS[name], fields[name]) for name in AMOUNTS if name in fields),
        ids=tuple((name, fields[name]) for name in IDS if name in fields),
        first_token_ms="first_token_ms" in fields,
        input=bool(flats & set(_INPUT_FLAT)) or not _INPUT.isdisjoint(keys),
        output=bool(flats & set(semconv.OUTPUT_FLAT)) or not _OUTPUT.isdisjoint(keys),
        flat=bool(flats),
        own_kept=tuple(own_kept),
    )


def _is_sound(key: str) -> bool:
    usable = key not in _NOT_USABLE and not key.startswith(_NOT_USABLE_PREFIXES)
    return usable and cleaning.clean(key) == key


def _names(value: Any) -> Iterator[str]:
    """Every text in a constant, keys and values alike."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _names(key)
            yield from _names(item)
    elif isinstance(value, (tuple, list, frozenset, set)):
        for item in value:
            yield from _names(item)


# Any text that `semconv` names at all: a key that is not among them means nothing, and is only kept.
_KNOWN = frozenset(
    name for constant, value in vars(semconv).items() if constant.isupper() for name in _names(value)
)
