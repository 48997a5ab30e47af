"""LangSmith: batches as its SDK posts them, patches merged onto their runs; exported runs and feedback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from collectors.files import WHOLE_LIMIT, read_all
from collectors.files import head as first_bytes
from collectors.messages import parse_json
from collectors.sources._document_source import each
from collectors.sources._foreign import Where
from collectors.sources._json_documents import Document, documents
from collectors.sources._langsmith_multipart import batch_of, is_multipart
from collectors.sources._langsmith_runs import Run, feedback_item, flattened, merged, run_span
from collectors.sources._outline import keys_under, outline
from collectors.sources.base import HEAD_BYTES, RECORD_ERRORS, Bad, Item, Skipped, SourceContext

PATCHED = "patches, merged into their run"
_PLACES = ("", "[]", "runs[]", "post[]", "patch[]", "data[]", "feedback[]", "[].post[]", "run", "[].run")
_LISTS = ("runs", "data", "feedback", "items", "results")
_UNKNOWN = "is no LangSmith run or feedback"
_MAX_NESTING = 6
# Runs that wait for their patch; with more open ones the oldest is taken as it is.
_MOST_OPEN = 20_000


class LangSmith:
    """Runs and feedback, posted or exported."""

    title = "LangSmith runs"

    def detect(self, path: Path, head: bytes) -> float:
        if is_multipart(head):
            return 0.9
        found = outline(head)
        for place in _PLACES:
            keys = keys_under(found, place)
            if "id" in keys and (_is_run(keys) or _is_feedback(keys)):
                return 0.9
        return 0.0

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        reader = _Reader(context)
        yield from each(_documents(path), reader.items)
        yield from reader.rest()


def _documents(path: Path) -> Iterator[Document | Bad]:
    if not is_multipart(first_bytes(path, HEAD_BYTES)):
        yield from documents(path)
        return
    for found in batch_of(read_all(path, WHOLE_LIMIT)):
        yield found if isinstance(found, Bad) else Document(line=None, value=found)


class _Reader:
    """One file's runs: those that are whole pass through, those that were only begun wait for their patch."""

    def __init__(self, context: SourceContext) -> None:
        self._context = context
        self._open: dict[str, tuple[Run, Where]] = {}
        self._traces: dict[str, str] = {}

    def items(self, value: Any, where: Where, depth: int = 0) -> Iterator[Item]:
        if isinstance(value, list) and depth <= _MAX_NESTING:
            for number, item in enumerate(value):
                yield from self.items(item, where.at(number), depth + 1)
        elif not isinstance(value, dict) or depth > _MAX_NESTING:
            yield where.bad(_UNKNOWN, value)
        elif "post" in value or "patch" in value:
            yield from self._batch(value, where)
        elif _is_run(value) and value.get("id"):
            for run in flattened(value):
                yield self._span(run, where)
        elif _is_feedback(value):
            yield self._feedback(value, where)
        else:
            names = [name for name in _LISTS if isinstance(value.get(name), list)]
            names += [name for name in ("run",) if isinstance(value.get(name), dict)]
            for name in names:
                yield from self.items(value[name], where.at(name), depth + 1)
            if not names:
                yield where.bad(_UNKNOWN, value)

    def _batch(self, batch: Mapping[str, Any], where: Where) -> Iterator[Item]:
        for number, run in enumerate(_list(batch.get("post"))):
            place = where.at("post").at(number)
            if not isinstance(run, dict) or not isinstance(run.get("id"), str):
                yield place.bad("a run must be an object with an id", run)
            elif run.get("end_time"):
                yield self._span(run, place)
            else:
                if len(self._open) >= _MOST_OPEN:
                    oldest, begun = self._open.pop(next(iter(self._open)))
                    yield self._span(oldest, begun)
                self._open[run["id"]] = (run, place)
        for number, patch in enumerate(_list(batch.get("patch"))):
            yield from self._patch(patch, where.at("patch").at(number))
        for number, said in enumerate(_list(batch.get("feedback"))):
            yield self._feedback(said, where.at("feedback").at(number))

    def _patch(self, patch: Any, where: Where) -> Iterator[Item]:
        if not isinstance(patch, dict) or not isinstance(patch.get("id"), str):
            yield where.bad("a patch must be an object with an id", patch)
            return
        run, begun = self._open.pop(patch["id"], ({}, where))
        try:
            whole = merged(run, patch)
        except RECORD_ERRORS as error:
            yield where.bad(error, patch)
            self._open[patch["id"]] = (run, begun)
            return
        if run:
            yield Skipped(reason=PATCHED)
        if run and not whole.get("end_time"):
            self._open[patch["id"]] = (whole, begun)
        else:
            yield self._span(whole, where)

    def rest(self) -> Iterator[Item]:
        """What nothing ended: runs still under way."""
        for run, where in self._open.values():
            yield self._span(run, where)
        self._open = {}

    def _span(self, run: Run, where: Where) -> Item:
        try:
            span = run_span(run, context=self._context)
        except RECORD_ERRORS as error:
            return where.bad(error, run)
        if span.span_id != span.trace_id and len(self._traces) < _MOST_OPEN:
            self._traces[span.span_id] = span.trace_id
        return span

    def _feedback(self, record: Any, where: Where) -> Item:
        try:
            return feedback_item(record, self._traces, source=self._context.source)
        except RECORD_ERRORS as error:
            return where.bad(error, record)


def _is_run(keys: Mapping[str, Any]) -> bool:
    return "run_type" in keys or "dotted_order" in keys


def _is_feedback(keys: Mapping[str, Any]) -> bool:
    return "run_id" in keys and "key" in keys and ("score" in keys or "value" in keys or "comment" in keys)


def _list(value: Any) -> list[Any]:
    value = parse_json(value)
    return value if isinstance(value, list) else []


SOURCE = LangSmith()
