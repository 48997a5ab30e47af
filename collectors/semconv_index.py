"""Attributes sorted by what they mean, in one pass: a look-up an attribute, and not one a name that we know.

`semconv` lists names by field; this turns the lists around. What a key means is worked out once and
remembered, so a span costs what it carries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors import semconv

# The fields that are taken as they come, and the names that have them. Lower rank wins.
_TAKEN: Mapping[str, tuple[str, ...]] = {
    "model": semconv.MODEL,
    "provider": semconv.PROVIDER,
    "input_tokens": semconv.INPUT_TOKENS,
    "output_tokens": semconv.OUTPUT_TOKENS,
    "total_tokens": semconv.TOTAL_TOKENS,
    "cached_tokens": semconv.CACHED_TOKENS,
    "cost_usd": semconv.COST,
    "session_id": semconv.SESSION,
    "user_id": semconv.USER,
    "prompt_template": semconv.PROMPT_TEMPLATE,
    "prompt_version": semconv.PROMPT_VERSION,
    "component_version": semconv.COMPONENT_VERSION,
    "first_token_s": semconv.FIRST_TOKEN_S,
    "first_token_ms": semconv.FIRST_TOKEN_MS,
    "error_type": semconv.ERROR_TYPE,
    "http_status": semconv.RESPONSE_ERRORS,
    "finish_reasons": semconv.FINISH_REASONS,
    "agent_name": semconv.AGENT_NAME,
}
_RESOURCE_TAKEN: Mapping[str, tuple[str, ...]] = {
    "chain": semconv.CHAIN,
    "chain_version": semconv.CHAIN_VERSION,
    "environment": semconv.ENVIRONMENT,
}
_FLAT = (*semconv.INPUT_FLAT, *semconv.OUTPUT_FLAT, *semconv.DOCUMENTS_FLAT, semconv.EMBEDDED_TEXT)
_MAX_PARTS = 24
# Fields that the configuration names are kept apart: they win over the conventions.
# What Micrometer writes for a value that it does not know.
_NONE = "none"
LINEAGE_PREFIX = "lineage."
# Keys are as many as programs have names for things; a flood of made-up ones must not stay in memory.
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Place:
    """What one attribute key means."""

    fields: tuple[tuple[str, int], ...]
    parameter: str | None
    flat: tuple[str, tuple[str, ...]] | None
    own: str | None
    kept: bool


@dataclass(slots=True)
class Sorted:
    """The attributes of one span or resource: values by field, parameters, flattened lists, the rest."""

    known: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    trees: dict[str, dict[str, Any]] | None = None
    own: dict[str, Any] | None = None
    rest: dict[str, Any] = field(default_factory=dict)


class Index:
    """Names of attributes by the fields they mean. `lineage` adds the user's: field -> attribute names."""

    def __init__(self, lineage: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.has_lineage = bool(lineage)
        named = {LINEAGE_PREFIX + field: names for field, names in (lineage or {}).items()}
        self._spans = _turned({**_TAKEN, **named})
        self._resources = _turned({**_RESOURCE_TAKEN, **named})
        self._span_places: dict[str, Place] = {}
        self._resource_places: dict[str, Place] = {}
        # Spans come in the order of their resources: the last one is remembered.
        self._last: tuple[Mapping[str, Any], Sorted] | None = None

    def span(self, attributes: Mapping[str, Any]) -> Sorted:
        """Sort a span's attributes."""
        return _sort(attributes, self._span_places, self.place)

    def resource(self, attributes: Mapping[str, Any]) -> Sorted:
        """Sort a resource's attributes; the result is shared between its spans, and read only."""
        if self._last is None or self._last[0] is not attributes:
            self._last = (attributes, _sort(attributes, self._resource_places, self._resource_place))
        return self._last[1]

    def place(self, key: str) -> Place:
        """What an attribute key of a span means."""
        flat = next((prefix for prefix in _FLAT if key.startswith(prefix)), None)
        own = key.removeprefix(semconv.OWN_PREFIX) if key.startswith(semconv.OWN_PREFIX) else None
        in_documents = flat in semconv.DOCUMENTS_FLAT and key.endswith(semconv.DOCUMENT_STORED)
        return Place(
            fields=self._spans.get(key, ()),
            parameter=semconv.PARAMETERS.get(key),
            flat=None if flat is None else (flat, tuple(key[len(flat) :].split(".", _MAX_PARTS))),
            own=own,
            kept=key not in semconv.STORED and own is None and not in_documents,
        )

    def _resource_place(self, key: str) -> Place:
        own = key.removeprefix(semconv.OWN_PREFIX) if key.startswith(semconv.OWN_PREFIX) else None
        noise = key.startswith(semconv.RESOURCE_NOISE_PREFIX)
        return Place(
            fields=self._resources.get(key, ()),
            parameter=None,
            flat=None,
            own=own,
            kept=key not in semconv.RESOURCE_STORED and own is None and not noise,
        )


def _turned(fields: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[tuple[str, int], ...]]:
    by_key: dict[str, tuple[tuple[str, int], ...]] = {}
    for name, keys in fields.items():
        for rank, key in enumerate(keys):
            by_key[key] = (*by_key.get(key, ()), (name, rank))
    return by_key


def _sort(attributes: Mapping[str, Any], places: dict[str, Place], find: Any) -> Sorted:
    found = Sorted()
    known, rest = found.known, found.rest
    ranks: dict[str, int] = {}
    for key, value in attributes.items():
        place = places.get(key)
        if place is None:
            if len(places) >= _REMEMBERED:
                places.clear()
            place = places[key] = find(key)
        if place.kept:
            rest[key] = value
        if place.flat is not None:
            # Also an empty one: a document without text is a document.
            if found.trees is None:
                found.trees = {}
            _plant(found.trees.setdefault(place.flat[0], {}), place.flat[1], value)
        odd = type(value) is float or value == _NONE
        if value is None or value == "" or (odd and _is_unknown(key, value)):
            continue
        for name, rank in place.fields:
            if rank < ranks.get(name, _REMEMBERED):
                ranks[name] = rank
                known[name] = value
        if place.parameter is not None:
            found.parameters[place.parameter] = _typed(value) if type(value) is str else value
        if place.own is not None:
            if found.own is None:
                found.own = {}
            found.own[place.own] = value
    return found


def _typed(value: str) -> Any:
    """A parameter as a number or flag: Micrometer writes all values as text."""
    if value in ("true", "false"):
        return value == "true"
    try:
        number = float(value)
    except ValueError:
        return value
    return value if not math.isfinite(number) else int(value) if value.isdigit() else number


def _is_unknown(key: str, value: Any) -> bool:
    """What stands for no value: not a number, and Micrometer's word for a model that it does not know."""
    return math.isnan(value) if isinstance(value, float) else key in semconv.MODEL


def _plant(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            return
        tree = below
    tree.setdefault(path[-1], value)


DEFAULT = Index()
