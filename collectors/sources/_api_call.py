"""One line of an API log, taken apart: which request, which response, and what is written around them.

Gateways and people wrap the two bodies in many ways: under different names, as JSON text, as a list or text
of streamed chunks, beside a status code and headers, or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from collectors.messages import parse_json

_REQUESTS = (
    "request", "request_body", "requestBody", "RequestBody", "req", "reqPayload", "request_data", "payload",
    "providerRequest", "proxy_server_request", "body", "input", "kwargs", "params",
)  # fmt: skip
_RESPONSES = (
    "response", "response_body", "responseBody", "ResponseBody", "res", "resp", "respPayload",
    "response_data", "payload", "providerResponse", "result", "output", "completion", "chunks", "events",
    "response_chunks",
)  # fmt: skip
_INSIDE = (
    "body", "json", "data", "content", "message", "inputBodyJson", "outputBodyJson", "request", "response",
    "textBody", "chunks", "events", "params",
)  # fmt: skip
_MAX_DEPTH = 4
# Rows that hold these belong to other formats, whatever lies inside of them.
_FOREIGN = frozenset(
    {
        "resourceSpans", "resourceLogs", "run_type", "dotted_order", "observations", "parentObservationId",
        "traceID",
    }
)  # fmt: skip


_ANSWERS = ("response", "output", "completion", "answer", "response_text", "output_text")
# A conversation with a model's name and an answer may be anything; a gateway's row also has one of these.
_FLAT = frozenset(
    {
        "call_type", "custom_llm_provider", "api_base", "startTime", "start_time", "response_cost", "spend",
        "request_id", "status_code", "latency_ms", "duration_ms",
    }
)  # fmt: skip


_GATEWAYS = frozenset({"call_type", "request_created_at", "ai_org"})
_METERED = frozenset({"prompt_tokens", "completion_tokens", "total_tokens", "req_units"})


class Dialect(Protocol):
    """The bodies of one API."""

    @property
    def provider(self) -> str: ...

    @property
    def times(self) -> tuple[str, ...]: ...

    def is_request(self, body: Mapping[str, Any]) -> bool: ...

    def is_response(self, body: Mapping[str, Any]) -> bool: ...

    def is_stream(self, chunks: Sequence[Any]) -> bool: ...

    def joined(self, chunks: Sequence[Any]) -> Mapping[str, Any] | None: ...

    def fields(self, request: Mapping[str, Any], response: Mapping[str, Any], url: str) -> dict[str, Any]: ...

    def finish_reasons(self, response: Mapping[str, Any]) -> list[str]: ...

    def parameters(self, asked: Mapping[str, Any]) -> dict[str, Any]: ...

    def reasoning_tokens(self, response: Mapping[str, Any]) -> int | None: ...


Test = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: its bodies (empty where the log has none), and the row that they were found in."""

    dialect: Dialect
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    row: Mapping[str, Any]
    wrapped: Mapping[str, Any]
    url: str


def take_apart(row: Mapping[str, Any], dialects: Sequence[Dialect]) -> Call | None:
    """The call that a row tells of; None when it holds neither a request nor a response of these APIs."""
    if _FOREIGN & row.keys():
        return None
    url = _url(row)
    for dialect in dialects:
        response = _body(row, _RESPONSES, dialect.is_response, dialect)
        if response is not None:
            request = _request(row, response, dialects)
            return _call(dialect, request or {}, response, row, url)
    for dialect in _by_url(dialects, url):
        request = _body(row, _REQUESTS, dialect.is_request, dialect)
        # A request alone is a call only where something was written around it.
        if request is not None and request is not row:
            return _call(dialect, request, _bare_answer(row), row, url)
    if _is_batch_result(row):
        of_batch = [d for d in dialects if (d.provider == "anthropic") == ("result" in row)]
        return _call(of_batch[0] if of_batch else dialects[0], {}, {}, row, url)
    return _flat_row(row, dialects, url)


def _flat_row(row: Mapping[str, Any], dialects: Sequence[Dialect], url: str) -> Call | None:
    """The row of a gateway that wraps no bodies: the request's keys lie among its own, or it keeps none."""
    if "model" in row and "response" in row and _FLAT & row.keys():
        # A failed call, or one whose response is logged as bare text.
        of = next((d for d in _by_url(dialects, url) if d.is_request(row)), None)
        if of is not None:
            return _call(of, row, _bare_answer(row), row, url)
    if _GATEWAYS & row.keys() and _METERED & row.keys():
        # The tokens, the cost and the times are there all the same.
        of = next((d for d in dialects if d.provider == "openai"), dialects[0])
        return _call(of, {}, {}, row, url or f"/{row.get('call_type') or ''}")
    return None


def _bare_answer(row: Mapping[str, Any]) -> dict[str, Any]:
    """The answer where the log has no more of the response than its text or its message; else empty."""
    for name in _ANSWERS:
        answer = parse_json(row.get(name))
        if isinstance(answer, str) and answer:
            answer = {"role": "assistant", "content": answer}
        if isinstance(answer, dict) and answer.get("role") == "assistant" and "content" in answer:
            # In both APIs' places for it: whichever reads it finds it in its own.
            content = answer["content"]
            blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
            return {"choices": [{"message": answer}], "content": blocks}
    return {}


def _call(
    dialect: Dialect,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    row: Mapping[str, Any],
    url: str,
) -> Call:
    wrapped = next((found for key in _RESPONSES if isinstance(found := row.get(key), dict)), {})
    return Call(dialect=dialect, request=request, response=response, row=row, wrapped=wrapped, url=url)


def _request(
    row: Mapping[str, Any], response: Mapping[str, Any], dialects: Sequence[Dialect]
) -> Mapping[str, Any] | None:
    """The request beside a response. What a response repeats of it is no request of its own."""
    for dialect in dialects:
        found = _body(row, _REQUESTS, dialect.is_request, dialect)
        if found is not None and found is not response:
            return found
    if "messages" in row and row is not response:
        return row
    for key in ("request", "request_body", "body", "input"):
        value = parse_json(row.get(key))
        if isinstance(value, dict) and value and not _looks_wrapped(value):
            return value
        if key in ("request", "input") and isinstance(value, (str, list)) and value:
            return {"messages": value} if isinstance(value, list) else {"input": value}
    return row if row is response and ("messages" in row or "input" in row) else None


def _looks_wrapped(value: Mapping[str, Any]) -> bool:
    return "headers" in value or "method" in value


def _body(
    row: Mapping[str, Any], names: tuple[str, ...], test: Test, dialect: Dialect
) -> Mapping[str, Any] | None:
    if test(row):
        return row
    for name in names:
        if row.get(name) is not None:
            found = _unwrapped(row[name], test, dialect, 0)
            if found is not None:
                return found
    return None


def _unwrapped(value: Any, test: Test, dialect: Dialect, depth: int) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        start = value.lstrip()[:6]
        value = list(server_sent(value)) if start.startswith(("data:", "event:", ":")) else parse_json(value)
    if isinstance(value, list):
        return _joined(value, test, dialect)
    if not isinstance(value, dict) or depth > _MAX_DEPTH:
        return None
    if test(value) and not (isinstance(value.get("body"), dict) and "status_code" in value):
        return value
    for name in _INSIDE:
        if value.get(name) is not None:
            found = _unwrapped(value[name], test, dialect, depth + 1)
            if found is not None:
                return found
    return None


def _joined(chunks: list[Any], test: Test, dialect: Dialect) -> Mapping[str, Any] | None:
    """Chunks of a streamed answer as the answer; loggers may write a time beside each."""
    parsed = [parse_json(item) for item in chunks]
    bare = [item.get("chunk", item) if isinstance(item, dict) else item for item in parsed]
    whole = dialect.joined(bare) if dialect.is_stream(bare) else None
    return whole if whole is not None and test(whole) else None


def server_sent(text: str) -> Iterator[Any]:
    """The data of server-sent events; what is no JSON is left out."""
    for line in text.splitlines():
        if line.startswith("data:"):
            try:
                yield json.loads(line[5:])
            except (ValueError, RecursionError):
                continue


def _is_batch_result(row: Mapping[str, Any]) -> bool:
    """A line of a batch's results that holds no answer: it failed, expired or was cancelled."""
    if "custom_id" not in row:
        return False
    result = row.get("result")
    return "response" in row or "error" in row or (isinstance(result, dict) and "type" in result)


def _by_url(dialects: Sequence[Dialect], url: str) -> list[Dialect]:
    """The address tells whose request it is, where bodies look alike."""
    path = "/v1/messages" if "/v1/messages" in url else ""
    named = [d for d in dialects if d.provider in url or (path and d.provider == "anthropic")]
    return named[:1] or sorted(dialects, key=lambda d: d.provider != "anthropic")


def _url(row: Mapping[str, Any]) -> str:
    holders = [row, *(row[k] for k in ("request", "providerRequest") if isinstance(row.get(k), dict))]
    names = ("url", "request_url", "target_url", "endpoint", "api_base", "request_path", "path", "uri")
    for holder in holders:
        for name in names:
            if isinstance(holder.get(name), str) and holder[name]:
                return str(holder[name])
    return ""
