"""What an API log writes around a request and its response: times, ids, cost, user, errors.

Knows the names of LiteLLM, Helicone, Portkey, OpenPipe and Bedrock's invocation logs, and those that people
choose. A number whose name does not tell its unit is not guessed at: it stays in `attributes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from collectors import cleaning, semconv
from collectors.cleaning import InvalidValueError
from collectors.messages import parse_json
from collectors.sources._api_call import Call

_STARTS = (
    "started_at", "start_time", "startTime", "request_time", "request_created_at", "requested_at",
    "requestedAt", "request_timestamp", "created_at", "createdAt", "timestamp", "@timestamp", "time", "ts",
    "datetime", "date",
)  # fmt: skip
_LOOSE = frozenset({"time", "request_time", "date"})
_SMALLEST_EPOCH = 10**8
_ENDS = (
    "ended_at", "end_time", "endTime", "finished_at", "completed_at", "received_at", "receivedAt",
    "response_timestamp",
)  # fmt: skip
_MILLISECONDS = (
    "duration_ms", "latency_ms", "delay_ms", "elapsed_ms", "response_time_ms", "response_ms", "latencyMs",
    "durationMs", "took_ms",
)  # fmt: skip
_SECONDS = (
    "duration_s", "latency_s", "elapsed_s", "duration_seconds", "latency_seconds", "elapsed_seconds",
    "response_time_s",
)  # fmt: skip
_FIRST_TOKEN_MS = ("time_to_first_token_ms", "ttft_ms", "first_token_ms")
_FIRST_TOKEN_S = ("time_to_first_token_s", "ttft_s", "time_to_first_token_seconds", "first_token_s")
NO_TIME = f"one of {', '.join(_STARTS[:4])}, timestamp, created_at"

_IDS = ("request_id", "requestId", "id", "log_id", "call_id", "litellm_call_id", "custom_id")
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "trace_id": ("trace_id", "traceId", "litellm_trace_id"),
    "parent_span_id": ("parent_span_id", "parent_id"),
    "session_id": ("Helicone-Session-Id", "session_id", "sessionId", "conversation_id", "conversationId",
    "thread_id"),
    "user_id": ("user_id", "userId", "user", "end_user", "request_user_id", "user_api_key_end_user_id"),
    "component": ("component", "step", "task", "name"),
    "chain": ("chain", "app", "app_name", "application", "service", "service_name", "project"),
    "chain_version": ("chain_version", "app_version", "service_version", "release"),
    "environment": ("environment", "env"),
}  # fmt: skip
_MODELS = ("model", "response_model", "request_model", "ai_model", "modelId", "Model")
_TOKENS: Mapping[str, tuple[str, ...]] = {
    "input_tokens": ("prompt_tokens", "input_tokens", "req_units", "tokens_in"),
    "output_tokens": ("completion_tokens", "output_tokens", "res_units", "tokens_out"),
    "cached_tokens": ("prompt_cache_read_tokens", "cached_tokens"),
}
_COSTS = ("cost_usd", "costUSD", "response_cost", "total_cost", "spend")
_PROVIDERS = ("custom_llm_provider", "ai_org", "provider", "Provider")
_HOSTS = {"openai.azure.com": "azure", "api.openai.com": "openai", "api.anthropic.com": "anthropic"}
_STATUS = ("status_code", "statusCode", "response_status", "response_status_code", "StatusCode", "status")
_ERRORS = ("error", "error_information", "exception", "error_str", "error_message", "errorMessage")
_FAILED = frozenset({"failure", "failed", "error", "errored", "canceled", "cancelled", "expired"})


def fields(call: Call) -> dict[str, Any]:
    """The fields that the writing around the bodies tells of; InvalidValueError when a time is none."""
    row = _flat(call)
    found: dict[str, Any] = {key: _scalar(row, names) for key, names in _TEXTS.items()}
    found |= {key: _first(row, names) for key, names in _TOKENS.items()}
    found |= _times(call, row)
    found["model"] = _scalar(row, _MODELS)
    found["cost_usd"] = _cost(row)
    found["provider"] = _provider(call, row)
    found["prompt_version"] = _prompt(row)
    found |= _failure(call, row)
    return {key: value for key, value in found.items() if value is not None}


def own_id(call: Call) -> str:
    """The id that the log gave to the call; empty when it gave none."""
    return "" if call.row is call.response else _scalar(call.row, _IDS) or ""


def _flat(call: Call) -> dict[str, Any]:
    """The row with what stands in its metadata and properties: the row itself goes first."""
    flat: dict[str, Any] = {}
    holders = [call.request.get("metadata"), call.response.get("metadata")]
    holders += [call.row.get(key) for key in ("request_properties", "properties", "metadata", "timing")]
    for holder in holders:
        flat |= holder if isinstance(holder, dict) else {}
    return flat | dict(call.row)


def _times(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _STARTS:
        started = _instant(name, row.get(name))
        if started is not None:
            break
    else:
        name = next((n for n in call.dialect.times if call.response.get(n) is not None), "")
        started = _instant(name, call.response.get(name))
    found["started_at"] = started
    milliseconds = [*_MILLISECONDS, *(("response_time",) if "ai_org" in row else ())]
    found["duration_s"] = _seconds(row, milliseconds, 1e-3)
    if found["duration_s"] is None:
        found["duration_s"] = _seconds(row, _SECONDS, 1.0)
    if found["duration_s"] is None:
        ends = (_instant(end, row.get(end)) for end in _ENDS)
        found["ended_at"] = next((end for end in ends if end is not None), None)
    first = [*_FIRST_TOKEN_MS, *(("time_to_first_token",) if "delay_ms" in row else ())]
    found["time_to_first_token_s"] = _seconds(row, first, 1e-3)
    if found["time_to_first_token_s"] is None:
        found["time_to_first_token_s"] = _seconds(row, _FIRST_TOKEN_S, 1.0)
    streamed = row.get("stream") is True or call.request.get("stream") is True
    began = _instant("completionStartTime", row.get("completionStartTime")) if streamed else None
    if began is not None and started is not None and began >= started:
        found["time_to_first_token_s"] = (began - started).total_seconds()
    return found


def _instant(name: str, value: Any) -> datetime | None:
    """A time as people write it; {seconds, milliseconds} is how Helicone's loggers do."""
    if isinstance(value, dict) and "seconds" in value:
        seconds = cleaning.time(name, value["seconds"])
        more = cleaning.number(name, value.get("milliseconds") or 0) or 0.0
        return None if seconds is None or abs(more) > 1e6 else seconds + timedelta(milliseconds=more)
    if value is None or isinstance(value, (Mapping, list, bool)):
        return None
    if name in _LOOSE and isinstance(value, (int, float)) and abs(value) < _SMALLEST_EPOCH:
        return None  # how long it took, and no time of day
    return cleaning.time(name, value)


def _seconds(row: Mapping[str, Any], names: tuple[str, ...] | list[str], scale: float) -> float | None:
    for name in names:
        if row.get(name) is not None:
            value = cleaning.amount(name, row[name])
            if value is not None:
                return value * scale
    return None


def _cost(row: Mapping[str, Any]) -> float | None:
    """US dollars. Portkey logs cents; a cost in another currency is no cost in dollars."""
    value = _first(row, _COSTS)
    if value is None and isinstance(row.get("cost"), (int, float)):
        currency = row.get("cost_currency")
        if currency is not None and str(currency).upper() != "USD":
            return None
        is_portkey = "cost_currency" in row or "ai_org" in row
        cost = cleaning.amount("cost", row["cost"])
        return None if cost is None else cost / 100 if is_portkey else cost
    return None if value is None or isinstance(value, (dict, list)) else cleaning.amount("cost_usd", value)


def _provider(call: Call, row: Mapping[str, Any]) -> str:
    named = _scalar(row, _PROVIDERS) or _scalar(call.response, ("provider",))
    if named:
        return named.lower()
    if row.get("schemaType") == "ModelInvocationLog":
        return "aws.bedrock"
    try:
        host = urlsplit(call.url).hostname or ""
    except ValueError:
        host = ""
    known = next((name for end, name in _HOSTS.items() if host.endswith(end)), None)
    return known or host or call.dialect.provider


def _prompt(row: Mapping[str, Any]) -> str | None:
    """The prompt's id and version: a version alone would not tell which prompt it is of."""
    parts = [_scalar(row, ("prompt_id", "prompt_slug")), _scalar(row, ("prompt_version",))]
    return ":".join(part for part in parts if part) or None


def _failure(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    code = next(
        (v for holder in (call.wrapped, row) for k in _STATUS if isinstance(v := holder.get(k), int)), None
    )
    body = parse_json(call.wrapped.get("body"))
    inside = body if isinstance(body, dict) else {}
    error = next(
        (
            holder[key]
            for holder in (call.response, inside, call.wrapped, row)
            for key in _ERRORS
            if holder.get(key) not in (None, "", {}, [], False)
        ),
        None,
    )
    state = [row.get("status"), call.response.get("status"), call.wrapped.get("type")]
    word = next((s for s in state if isinstance(s, str) and s.lower() in _FAILED), None)
    refused = row.get("is_success") is False or row.get("success") is False
    if error is None and word is None and not refused and not (isinstance(code, int) and code >= 400):
        fine = call.response or row.get("status") == "success" or (isinstance(code, int) and code >= 200)
        return {"status": "ok" if fine else None}
    kind, message = _error(error)
    shown = str(code) if isinstance(code, int) and code >= 400 else None
    found: dict[str, Any] = {"status": "error", "error_type": kind or shown or word}
    if message:
        found["attributes"] = {semconv.STATUS_DESCRIPTION: message}
    return found


def _error(error: Any) -> tuple[str | None, str | None]:
    """(class, message) of an error as an API, a gateway or a program writes it."""
    for _ in range(4):
        if not isinstance(error, dict) or not isinstance(error.get("error"), dict):
            break
        error = error["error"]
    if isinstance(error, dict):
        names = ("error_class", "code", "type", "status", "error_code", "name")
        message = _scalar(error, ("message", "error_message", "detail"))
        kind = next((v for n in names if isinstance(v := error.get(n), str) and v and v != "error"), None)
        return kind, message
    if isinstance(error, str):
        head = error.partition(":")[0].strip()
        is_class = head.replace(".", "").replace("_", "").isalnum() and head.endswith(("Error", "Exception"))
        return head.rpartition(".")[2] if is_class else None, error
    return None, None


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _scalar(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first value that is text or a number, as text."""
    for name in names:
        value = row.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            try:
                return str(value)
            except ValueError:
                raise InvalidValueError(name, "a number of thousands of digits", "must be text") from None
    return None
