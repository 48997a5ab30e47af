"""Request and response logs of model APIs as records: one call a line, a JSON array, or a list object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from collectors.cleaning import InvalidValueError, MissingKeyError
from collectors.errors import SourceError
from collectors.files import BOM, WHOLE_LIMIT, open_binary, read_all, read_lines
from collectors.json_text import loads
from collectors.messages import parse_json
from collectors.model import content_hash
from collectors.records import canonical_text, make_annotation, make_feedback, make_span
from collectors.semconv import FINISH_REASONS_KEY, REASONING_TOKENS_KEY
from collectors.sources import _api_envelope
from collectors.sources._api_call import Call, Dialect, take_apart
from collectors.sources._api_kept import kept
from collectors.sources._rows import FILTERED, bad
from collectors.sources.base import RECORD_ERRORS, Item, Skipped, SourceContext, not_json

_PEEK = 4 * 1024 * 1024
_SURE, _LIKELY = 0.9, 0.8
# Without one of these in the first bytes it is no such log, and the rest need not be parsed.
_MARKS = (b"messages", b"choices", b"response", b"result", b"usage", b"prompt", b"embedding", b"input")
_NATIVE = ({"started_at", "component"}, {"started_at", "name"})


class ApiLog:
    """Calls of one API, with those of its neighbours: a gateway's log may hold several."""

    def __init__(self, title: str, dialects: Sequence[Dialect]) -> None:
        self.title = title
        self._dialects = dialects

    def detect(self, path: Path, head: bytes) -> float:
        start = head.removeprefix(BOM).lstrip()
        if start[:1] not in (b"{", b"[") or not any(mark in start for mark in _MARKS):
            return 0.0
        row = next((item for item in _first_rows(path, start) if isinstance(item, dict)), None)
        if row is None or any(names <= row.keys() for names in _NATIVE):
            return 0.0
        try:
            call = take_apart(row, self._dialects)
        except RECORD_ERRORS:
            return 0.0
        if call is None or call.dialect is not self._dialects[0]:
            return 0.0
        return _SURE if call.response else _LIKELY

    def read(self, path: Path, context: SourceContext) -> Iterator[Item]:
        if self.in_lines(path):
            yield from self.lines(read_lines(path), context)
        else:
            yield from self._document(path, context)

    def in_lines(self, path: Path) -> bool:
        """Whether its first line is a whole object."""
        for number, line in read_lines(path):
            text = line.removeprefix(BOM).strip() if number == 1 else line.strip()
            if text:
                return _is_object(text)
        return True

    def lines(self, lines: Iterable[tuple[int, bytes]], context: SourceContext) -> Iterator[Item]:
        for number, line in lines:
            text = (line.removeprefix(BOM) if number == 1 else line).strip()
            if text:
                yield from self._line(text, number, context)

    def _document(self, path: Path, context: SourceContext) -> Iterator[Item]:
        """One JSON document, an array or one object over several lines; else lines, the first one broken."""
        text = read_all(path, WHOLE_LIMIT)
        try:
            loaded = json.loads(text.removeprefix(BOM))
        except (ValueError, RecursionError) as error:
            if text.lstrip()[:1] == b"[":
                raise SourceError(f"{path}: not JSON: {error}") from error
            for number, line in enumerate(text.splitlines(), start=1):
                if line.strip():
                    yield from self._line(line, number, context)
            return
        for number, row in enumerate(loaded if isinstance(loaded, list) else [loaded], start=1):
            yield from self._record(row, number, context)

    def _line(self, text: bytes, number: int, context: SourceContext) -> Iterator[Item]:
        try:
            row = loads(text)
        except (ValueError, RecursionError) as error:
            yield not_json(number, text, error)
            return
        yield from self._record(row, number, context)

    def _record(self, row: object, number: int, context: SourceContext) -> Iterator[Item]:
        if not isinstance(row, dict):
            yield bad(TypeError("must be a JSON object"), row, number)
            return
        try:
            rows = _listed(row)
            found = [item for one in rows for item in self.items(one, context)]
        except RECORD_ERRORS as error:
            yield bad(error, row, number)
            return
        yield from found

    def items(self, row: Mapping[str, Any], context: SourceContext) -> Iterator[Item]:
        """The call of one row as a span, with the feedback and scores that the gateway holds on it."""
        if context.field_map is not None and not context.field_map.keeps(row):
            yield Skipped(reason=FILTERED)
            return
        call = take_apart(row, self._dialects)
        if call is None:
            problem = "holds neither a request nor a response of the OpenAI or Anthropic API"
            raise InvalidValueError("keys", ", ".join(sorted(map(str, row)))[:200], problem)
        record = _record_of(call)
        if context.field_map is not None:
            mapped = context.field_map.record(row)
            mapped.pop("attributes", None)
            record |= mapped
        if record.get("started_at") is None and record.get("ended_at") is None:
            raise MissingKeyError(_no_time(call))
        span = make_span(record, source=context.source)
        yield span
        about = {
            "trace_id": span.trace_id,
            "span_id": span.span_id,
            "created_at": span.ended_at or span.started_at,
        }
        rating = row.get("feedback_rating")
        if isinstance(rating, bool):
            said = {"name": "thumbs", "score": 1 if rating else -1, "user_id": span.user_id}
            at = row.get("feedback_created_at") or about["created_at"]
            yield make_feedback({**about, **said, "created_at": at}, source=context.source)
        scores = row.get("scores")
        for name, score in scores.items() if isinstance(scores, dict) else ():
            value = score.get("value") if isinstance(score, dict) else score
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                note = {"name": name, "score": value, "author": "gateway", "author_kind": "judge"}
                yield make_annotation({**about, **note}, source=context.source)


def _record_of(call: Call) -> dict[str, Any]:
    """The call in the names of a span. The bodies tell of the model and tokens, the log of all else."""
    told = call.dialect.fields(call.request, call.response, call.url)
    around = _api_envelope.fields(call)
    own = ("model", "input_tokens", "output_tokens", "cached_tokens")
    record = {**told, **around, **{key: told[key] for key in own if told.get(key) is not None}}
    record = {key: value for key, value in record.items() if value is not None}
    asked = call.row.get("model_parameters")
    if isinstance(asked, dict):
        record["parameters"] = call.dialect.parameters(asked) | record.get("parameters", {})
    attributes = kept(call.row)
    reasoning = call.dialect.reasoning_tokens(call.response)
    if reasoning is not None:
        attributes[REASONING_TOKENS_KEY] = reasoning
    reasons = call.dialect.finish_reasons(call.response)
    if reasons:
        attributes[FINISH_REASONS_KEY] = reasons
    record["attributes"] = attributes | record.get("attributes", {})
    given = _api_envelope.own_id(call), str(call.response.get("id") or "")
    if any(given):
        # The log's id alone may be that of a web request with several calls in it; the API's alone may be
        # one answer given twice from a cache. Embeddings and failed calls have none: their content tells.
        started = str(record.get("started_at"))
        given = given if given[1] else (given[0], canonical_text(call.row))
        record.setdefault("trace_id", content_hash("trace", *given, started))
        record["span_id"] = str(call.row.get("span_id") or content_hash("span", *given, started)[:16])
    return record


def _no_time(call: Call) -> str:
    if not call.dialect.times:
        return f"started_at (this API's answers hold no time; the log must have {_api_envelope.NO_TIME})"
    return f"started_at (no `created` in the response, and none of the log: {_api_envelope.NO_TIME})"


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _listed(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The calls of a list object, as the API lists what it has stored; else the row alone."""
    data = row.get("data")
    if isinstance(data, list) and data and ("has_more" in row or "object" in row or len(row) <= 2):
        inner: list[Mapping[str, Any]] = [item for item in data if isinstance(item, dict)]
        if len(inner) == len(data) and not any("embedding" in item for item in inner):
            return inner
    return [row]


def _first_rows(path: Path, start: bytes) -> Iterator[Any]:
    """The first record, whether a line, an element of an array or a whole document."""
    line, newline, _ = start.partition(b"\n")
    if not newline:
        try:
            with open_binary(path) as stream:
                start = stream.read(_PEEK).removeprefix(BOM).lstrip()
        except (SourceError, OSError, EOFError):
            return
        line = start.partition(b"\n")[0]
    loaded = parse_json(line.decode("utf-8", "replace"))
    if isinstance(loaded, str):
        text = start.decode("utf-8", "replace")
        text = text[1:].lstrip() if text[:1] == "[" else text
        try:
            loaded, _ = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            return
    rows = loaded if isinstance(loaded, list) else [loaded]
    for row in islice(rows, 1):
        yield from _listed(row)[:1] if isinstance(row, dict) else ()
