"""Langfuse exports: traces with their observations, API pages, and the rows of blob storage exports.

A trace is no span: its observations are. One whose observations are not there stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from collectors.sources._document_source import DocumentSource
from collectors.sources._foreign import Where
from collectors.sources._langfuse_scores import score_item
from collectors.sources._langfuse_shape import Record, record_of, shape_of, snake
from collectors.sources._langfuse_spans import observation_span, trace_span
from collectors.sources._outline import keys_under, outline
from collectors.sources.base import RECORD_ERRORS, Item, SourceContext

_PLACES: tuple[str, ...] = (
    "",
    "[]",
    "data[]",
    "data",
    "trace",
    "observations[]",
    "data[].observations[]",
    "[].trace",
)
_PLACES += ("traces[]", "scores[]", "[].observations[]", "data.observations[]")
_MAX_NESTING = 6
_UNKNOWN = "is no Langfuse trace, observation or score"


class Langfuse(DocumentSource):
    """Traces, observations and scores as Langfuse's UI, API and blob storage export write them."""

    title = "Langfuse export"

    def detect(self, path: Path, head: bytes) -> float:
        found = outline(head)
        for place in _PLACES:
            keys = {snake(key): value for key, value in keys_under(found, place).items()}
            if shape_of(keys) in ("observation", "score", "trace"):
                return 0.9
        return 0.0

    def items(self, value: Any, where: Where, context: SourceContext) -> Iterator[Item]:
        return _items(value, where, context)


def _items(value: Any, where: Where, context: SourceContext, depth: int = 0) -> Iterator[Item]:
    if isinstance(value, list) and depth <= _MAX_NESTING:
        for number, item in enumerate(value):
            yield from _items(item, where.at(number), context, depth + 1)
        return
    if not isinstance(value, Mapping) or depth > _MAX_NESTING:
        yield where.bad(_UNKNOWN, value)
        return
    record = record_of(value)
    shape = shape_of(record)
    if shape == "page":
        yield from _items(record["data"], where.at("data"), context, depth + 1)
    elif shape == "bundle" and isinstance(record.get("trace"), Mapping):
        yield from _bundle(record_of(record["trace"]), record, where, context)
    elif shape == "bundle":
        yield from _tables(record, where, context)
    elif shape == "trace":
        yield from _bundle(record, {}, where, context)
    elif shape == "observation":
        yield _observation(value, {}, where, context)
    elif shape == "score":
        yield _score(value, {}, where, context)
    else:
        yield where.bad(_UNKNOWN, value)


def _bundle(trace: Record, around: Record, where: Where, context: SourceContext) -> Iterator[Item]:
    """A trace with its observations inside it or beside it: the latter have the texts."""
    yield from _spans(trace, _observations(trace, around), where, context)
    for name in ("scores", "corrections"):
        for number, score in enumerate(_dicts(trace.get(name)) + _dicts(around.get(name))):
            yield _score(score, trace, where.at(name).at(number), context)


def _observations(trace: Record, around: Record) -> list[Any]:
    """Every observation once; what one copy leaves empty the other one fills."""
    inside = _list(trace.get("observations"))
    beside = _list(around.get("observations"))
    by_id = {str(item.get("id")): item for item in inside if isinstance(item, Mapping)}
    found: list[Any] = []
    for item in beside:
        twin = by_id.pop(str(item.get("id")), None) if isinstance(item, Mapping) else None
        found.append({**twin, **{k: v for k, v in item.items() if v is not None}} if twin else item)
    rest = [item for item in inside if not isinstance(item, Mapping) or str(item.get("id")) in by_id]
    # The API's list of traces names its observations by id and no more.
    return found + [item for item in rest if not isinstance(item, str)]


def _spans(trace: Record, observations: list[Any], where: Where, context: SourceContext) -> Iterator[Item]:
    if not observations:
        try:
            yield trace_span(trace, context=context)
        except RECORD_ERRORS as error:
            yield where.bad(error, trace)
        return
    records = [item for item in observations if isinstance(item, Mapping)]
    roots = [i for i in records if not (i.get("parentObservationId") or i.get("parent_observation_id"))]
    for number, item in enumerate(observations):
        texts = {}
        if len(roots) == 1 and item is roots[0]:
            texts = {key: trace.get(key) for key in ("input", "output") if item.get(key) is None}
        whole = {**item, **texts} if texts else item
        yield _observation(whole, trace, where.at("observations").at(number), context)


def _tables(record: Record, where: Where, context: SourceContext) -> Iterator[Item]:
    """Traces, observations and scores as lists beside each other, joined by the trace's id."""
    traces = [record_of(trace) for trace in _dicts(record.get("traces"))]
    alone: list[Any] = []
    joined: dict[str, list[Any]] = {str(trace.get("id")): [] for trace in traces}
    for item in _list(record.get("observations")):
        about = record_of(item).get("trace_id") if isinstance(item, Mapping) else None
        if str(about) not in joined:
            alone.append(item)
        else:
            joined[str(about)].append(item)
    for number, trace in enumerate(traces):
        beside = {"observations": joined.pop(str(trace.get("id")), [])}
        yield from _bundle(trace, beside, where.at("traces").at(number), context)
    for number, item in enumerate(alone):
        yield _observation(item, {}, where.at("observations").at(number), context)
    for number, item in enumerate(_dicts(record.get("scores"))):
        yield _score(item, {}, where.at("scores").at(number), context)


def _observation(value: Any, trace: Record, where: Where, context: SourceContext) -> Item:
    if not isinstance(value, Mapping):
        return where.bad("an observation must be an object", value)
    try:
        record = record_of(value)
        record.setdefault("trace_id", trace.get("id"))
        return observation_span(record, trace, context=context)
    except RECORD_ERRORS as error:
        return where.bad(error, value)


def _score(value: Mapping[str, Any], trace: Record, where: Where, context: SourceContext) -> Item:
    try:
        record = record_of(value)
        record["trace_id"] = record.get("trace_id") or trace.get("id")
        return score_item(record, user_id=trace.get("user_id"), source=context.source)
    except RECORD_ERRORS as error:
        return where.bad(error, value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; scores may be named by id only, which tells nothing."""
    return [item for item in _list(value) if isinstance(item, Mapping)]


SOURCE = Langfuse()
