"""Field maps: rows of foreign files as records in our own names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from collectors import cleaning
from collectors.cleaning import InvalidValueError
from collectors.errors import ConfigError
from collectors.ingest_config import FeedbackRule, FieldRule, IngestConfig, MapConfig
from collectors.model import Span

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0}
_TIMES = frozenset({"started_at", "ended_at"})
_MISSING = object()


class FieldMap:
    """One `[ingest.maps.NAME]`, ready for rows."""

    def __init__(self, name: str, config: MapConfig) -> None:
        self.name = name
        self._rules = list(config.fields.items())
        self._feedback = config.feedback
        self._keep = {column: {_plain(v) for v in values} for column, values in config.keep.items()}
        self._rest = config.rest == "attributes"
        # A column that one field holds as it came need not be kept again; a converted one is.
        self._used = {
            rule.from_
            for rule in config.fields.values()
            if isinstance(rule.from_, str)
            and rule.values is None
            and rule.scale is None
            and rule.unit is None
        }

    def keeps(self, row: Mapping[str, Any]) -> bool:
        """Whether the row passes `keep`."""
        return all(_plain(look_up(row, column)) in allowed for column, allowed in self._keep.items())

    def record(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row in our names. InvalidValueError when a value is not in `values` or cannot be converted."""
        found: dict[str, Any] = {}
        for field, rule in self._rules:
            value = _apply(rule, field, row)
            if value is not _MISSING:
                found[field] = value
        if self._rest:
            rest = {key: value for key, value in row.items() if key not in self._used and value is not None}
            if rest:
                mapped = found.get("attributes")
                found["attributes"] = {**rest, **mapped} if isinstance(mapped, dict) else rest
        return found

    def feedback(self, row: Mapping[str, Any], span: Span) -> Iterator[dict[str, Any]]:
        """Feedback records of the row on its span, at the span's end; none where the row says nothing."""
        for rule in self._feedback:
            said = {
                key: value
                for key, part in _parts(rule)
                if part is not None and (value := _apply(part, key, row)) is not _MISSING
            }
            if said:
                yield {
                    "name": rule.name,
                    "trace_id": span.trace_id,
                    "span_id": span.span_id,
                    "created_at": span.ended_at or span.started_at,
                    "user_id": span.user_id,
                    **said,
                }


def choose(config: IngestConfig, path: Path, named: str | None) -> FieldMap | None:
    """The map for a file: the named one, else the one whose pattern matches; None when none does."""
    if named is not None:
        if named not in config.maps:
            choices = ", ".join(sorted(config.maps)) or "none is configured under [ingest.maps]"
            raise ConfigError(f"unknown field map {named!r}; choose one of: {choices}")
        return FieldMap(named, config.maps[named])
    matching = [
        name
        for name, entry in config.maps.items()
        if entry.match is not None and (fnmatch(path.name, entry.match) or fnmatch(str(path), entry.match))
    ]
    if len(matching) > 1:
        raise ConfigError(
            f"{path} matches the field maps {', '.join(sorted(matching))}; choose one with --map"
        )
    return FieldMap(matching[0], config.maps[matching[0]]) if matching else None


def look_up(row: Mapping[str, Any], path: str) -> Any:
    """The value under a key, or along a dotted path; None when there is none."""
    if path in row:
        return row[path]
    here: Any = row
    for part in path.split("."):
        if isinstance(here, Mapping):
            here = here.get(part)
        elif isinstance(here, (list, tuple)) and part.isascii() and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            return None
    return here


def _apply(rule: FieldRule, field: str, row: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one a rule
    if rule.constant is not None:
        return rule.constant
    value = _source(rule, row)
    if value is None or value == "":
        return rule.default if rule.default is not None else _MISSING
    if rule.values is not None:
        word = _plain(value)
        if word in rule.values:
            return rule.values[word]
        if rule.default is not None:
            return rule.default
        raise InvalidValueError(
            field, value, f"is not among the map's values; known: {', '.join(sorted(rule.values))}"
        )
    if rule.scale is not None:
        number = cleaning.number(field, value)
        return _MISSING if number is None else number * rule.scale
    if rule.unit is not None:
        return _in_seconds(rule.unit, field, value)
    return f"{rule.prefix}{_plain(value)}" if rule.prefix else value


def _source(rule: FieldRule, row: Mapping[str, Any]) -> Any:
    if isinstance(rule.from_, list):
        parts = [look_up(row, key) for key in rule.from_]
        if all(part is None for part in parts):
            return None
        return rule.join.join("" if part is None else _plain(part) for part in parts)
    return look_up(row, rule.from_ or "")


def _in_seconds(unit: str, field: str, value: Any) -> Any:
    number = cleaning.number(field, value)
    if number is None:
        return _MISSING
    seconds = number * _SECONDS[unit]
    if field not in _TIMES:
        return seconds
    try:
        return cleaning.EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise InvalidValueError(field, value, f"must be a time in {unit} since 1970") from None


def _parts(rule: FeedbackRule) -> tuple[tuple[str, FieldRule | None], ...]:
    return (("score", rule.score), ("label", rule.label), ("comment", rule.comment))


def _plain(value: Any) -> str:
    """How TOML keys and filters name a value: true and false in lower case, whole floats as whole numbers."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
