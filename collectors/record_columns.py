"""Many plain records as the columns of validated spans: what `make_span` does, asked of whole columns.

A rule that holds for a whole column at one look is not asked again of each value; what no look can tell is
asked value by value, by the same functions; and a record with anything wrong in it is left out, to be taken
by `make_span`, which says what is wrong. So both ways lead to the same spans.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import compress, repeat
from operator import contains, itemgetter
from typing import Any

import msgspec

from collectors import cleaning
from collectors.cleaning import EARLIEST, ID_LIMIT, LARGEST, LATEST, TEXT_LIMIT
from collectors.columns import DEFAULTS, SpanColumns
from collectors.model import utc
from collectors.records import CLOCK_SLACK, LONG_TEXTS, NOT_OURS, SPAN_RULES, Rule

_NONE = type(None)
_TEXTS = frozenset({str, _NONE})
_OBJECTS = frozenset({dict, _NONE})
_WHOLES = frozenset({int, _NONE})
_NUMBERS = frozenset({int, float, _NONE})
# A column of so few different texts is asked once a text; whether it is one, its first values tell.
_FEW, _FIRST = 64, 200
_BAD = object()
_encode = msgspec.json.Encoder().encode

Column = Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """`columns` of the records that are plainly spans; `rest` are the places of the others, in order."""

    columns: SpanColumns
    rest: list[int]


def check_records(records: Sequence[Mapping[str, Any]], *, source: str) -> Checked:
    """Records in the names of `Span`, of which `make_span` would make the same spans, one by one."""
    if not records:
        return Checked(columns=SpanColumns(), rest=[])
    checking = _Checking(_columns(records), records)
    values = checking.values
    rest = sorted(checking.bad)
    if rest:
        good = [place not in checking.bad for place in range(len(records))]
        values = {name: list(compress(column, good)) for name, column in values.items()}
    rows = len(records) - len(rest)
    return Checked(columns=SpanColumns(rows=rows, values={**values, "source": [source] * rows}), rest=rest)


class _Checking:
    """One pass over the columns; `bad` are the places of records that are not to be taken from here.

    `records` are looked at only where a key is no field of a span.
    """

    def __init__(self, columns: Mapping[str, Column], records: Sequence[Any]) -> None:
        self._records = records
        self.values: dict[str, Column] = {}
        self.bad: set[int] = set()
        for key, column in columns.items():
            if key in SPAN_RULES:
                self._take(key, SPAN_RULES[key], column)
        self._add_extra([key for key in columns if key not in SPAN_RULES and key not in NOT_OURS])
        self._complete()

    def _take(self, key: str, rule: Rule, column: Column) -> None:
        kinds = set(map(type, column))
        if kinds == {_NONE}:
            return
        if kinds <= _TEXTS and len(set(column[:_FIRST])) <= _FEW and len(few := set(column)) <= _FEW:
            made = {value: self._one(key, rule, value) for value in few}
            self._keep(key, [made[value] for value in column])
        elif (look := _LOOKS.get(rule)) is not None and (found := look(column, kinds)) is not None:
            self.values[key] = found
        else:
            self._keep(key, [self._one(key, rule, value) for value in column])

    def _keep(self, key: str, taken: list[Any]) -> None:
        if _BAD in taken:
            self.bad.update(place for place, value in enumerate(taken) if value is _BAD)
            taken = [None if value is _BAD else value for value in taken]
        self.values[key] = taken

    def _one(self, key: str, rule: Rule, value: Any) -> Any:
        try:
            return None if value is None else rule(key, value)
        except Exception:
            # Whatever it is, `make_span` meets it again and says it.
            return _BAD

    def _add_extra(self, names: Sequence[str]) -> None:
        """What is no field of a span becomes one of its attributes."""
        if not names:
            return
        cleaned = {name: cleaning.clean(str(name)) for name in names}
        merged: list[Any] = []
        for place, attributes in enumerate(self._column("attributes")):
            said = self._records[place]
            extra = {
                cleaned[name]: cleaning.plain(value)
                for name, value in said.items()
                if value is not None and name in cleaned
            }
            merged.append({**extra, **(attributes or {})} if extra else attributes)
        self.values["attributes"] = merged

    def _column(self, name: str) -> Column:
        return self.values.get(name) or [None] * len(self._records)

    def _complete(self) -> None:
        """What follows from other fields, as `make_span` has it; a record that lacks a key is bad."""
        given = self.values
        names, components = self._column("name"), self._column("component")
        if None in names or None in components:
            given["name"] = [name or other for name, other in zip(names, components, strict=True)]
            given["component"] = [other or name for name, other in zip(names, components, strict=True)]
        for key in ("component", "started_at", "trace_id", "span_id"):
            if None in (column := self._column(key)):
                self._refuse(value is None for value in column)
        for key in LONG_TEXTS:
            if key in given and max(map(len, filter(None, given[key])), default=0) > TEXT_LIMIT:
                self._refuse(len(text or "") > TEXT_LIMIT for text in given[key])
        if "error_type" in given:
            said = zip(self._column("status"), given["error_type"], strict=True)
            given["status"] = [status or ("error" if error else None) for status, error in said]
        if "ended_at" in given or "duration_s" in given:
            self._complete_times()
        for name, column in given.items():
            if (default := DEFAULTS[name]) is not None and None in column:
                given[name] = [default if value is None else value for value in column]

    def _refuse(self, bad: Iterable[bool]) -> None:
        self.bad.update(place for place, is_bad in enumerate(bad) if is_bad)

    def _complete_times(self) -> None:
        starts, ends, durations = map(self._column, ("started_at", "ended_at", "duration_s"))
        if not any(ends) and None not in starts and None not in durations:
            try:
                self.values["ended_at"] = [
                    start + timedelta(0, lasted) for start, lasted in zip(starts, durations, strict=True)
                ]
            except OverflowError:
                pass
            else:
                return
        new_ends: list[Any] = []
        new_durations: list[Any] = []
        for place, (start, end, duration) in enumerate(zip(starts, ends, durations, strict=True)):
            made, lasted = end, duration
            if start is None:
                # Left to `make_span`.
                made = lasted = None
            elif end is None:
                if duration is not None:
                    try:
                        made = start + timedelta(seconds=duration)
                    except OverflowError:
                        self.bad.add(place)
            elif end < start - CLOCK_SLACK:
                self.bad.add(place)
            elif duration is None:
                lasted = max((end - start).total_seconds(), 0.0)
            new_ends.append(made)
            new_durations.append(lasted)
        self.values["ended_at"], self.values["duration_s"] = new_ends, new_durations


def _columns(records: Sequence[Mapping[str, Any]]) -> dict[str, Column]:
    """The values by key, None where a record has none."""
    keys = tuple(records[0])
    if len(keys) > 1 and set(map(len, records)) == {len(keys)}:
        try:
            return dict(zip(keys, zip(*map(itemgetter(*keys), records), strict=True), strict=True))
        except KeyError:
            pass
    every = dict.fromkeys(key for record in records for key in record)
    return {key: [record.get(key) for record in records] for key in every}


def _texts(column: Column, kinds: set[type]) -> Column | None:
    """Texts that need no cleaning."""
    if not kinds <= _TEXTS:
        return None
    joined = "".join(column if _NONE not in kinds else filter(None, column))
    if "\x00" in joined or not _is_unicode(joined):
        return None
    return [value or None for value in column] if "" in column else column


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _identifiers(column: Column, kinds: set[type]) -> Column | None:
    """Ids with nothing to strip, to shorten or to make lower case."""
    if not kinds <= _TEXTS or "" in column:
        return None
    joined = "".join(column if _NONE not in kinds else filter(None, column))
    plain = joined.isascii() and joined.isprintable() and " " not in joined and joined == joined.lower()
    return column if plain and max(map(len, filter(None, column))) <= ID_LIMIT else None


def _times(column: Column, kinds: set[type]) -> Column | None:
    """ISO 8601 texts with a time of day, which are no numbers, of the years that are believed."""
    if kinds != {str} or not all(map(contains, column, repeat(":"))):
        return None
    try:
        found = [
            made if (made := datetime.fromisoformat(value)).tzinfo is UTC else utc(made) for value in column
        ]
    except (ValueError, OverflowError):
        return None
    return found if min(found) >= EARLIEST and max(found) < LATEST else None


def _amounts(column: Column, kinds: set[type]) -> Column | None:
    """Finite numbers that are not negative."""
    if not kinds <= _NUMBERS:
        return None
    given = column if _NONE not in kinds else [value for value in column if value is not None]
    try:
        # A sum with anything in it that is not finite is not finite itself.
        if min(given) < 0 or not math.isfinite(sum(given)):
            return None
    except OverflowError:
        return None
    return column if int not in kinds else [None if value is None else float(value) for value in column]


def _counts(column: Column, kinds: set[type]) -> Column | None:
    """Whole numbers that fit."""
    if not kinds <= _WHOLES:
        return None
    given = column if _NONE not in kinds else [value for value in column if value is not None]
    return column if min(given) >= 0 and max(given) <= LARGEST else None


def _objects(column: Column, kinds: set[type]) -> Column | None:
    """Objects that are mostly the same few, each taken once: rows may share one, and nobody changes it."""
    if not kinds <= _OBJECTS:
        return None
    try:
        if len(set(map(_encode, column[:_FIRST]))) > _FEW:
            return None
        keys = list(map(_encode, column))
        taken = {
            key: None if value is None else cleaning.mapping("", value)
            for key, value in dict(zip(keys, column, strict=True)).items()
        }
    except (ValueError, TypeError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None
    return [taken[key] for key in keys]


# For each rule that can be asked of a column: the column, or None when no look can tell.
_LOOKS: Mapping[Rule, Callable[[Column, set[type]], Column | None]] = {
    cleaning.text: _texts,
    cleaning.identifier: _identifiers,
    cleaning.time: _times,
    cleaning.amount: _amounts,
    cleaning.count: _counts,
    cleaning.mapping: _objects,
}
