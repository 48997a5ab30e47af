"""Tokens, cost and model of a LangSmith run: its own, not what is summed up from the runs below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collectors import semconv
from collectors.sources._foreign import amount, mapping, text_or_none, whole

_MODEL_KINDS = frozenset({"llm", "embedding"})
_INPUT = ("input_tokens", "prompt_tokens")
_OUTPUT = ("output_tokens", "completion_tokens")
_CACHED = ("cache_read", "cached_tokens", "cache_read_input_tokens")
_DETAILS = ("input_token_details", "prompt_tokens_details", "prompt_token_details", "input_tokens_details")
_MODEL_KEYS = ("ls_model_name", "model", "model_name", "model_id", "deployment_name", "azure_deployment")
_MAX_DEPTH = 5


def usage_fields(run: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """`input_tokens`, `output_tokens`, `cached_tokens`, `cost_usd` of a run; None is unknown.

    LangSmith's columns (`prompt_tokens`, `total_cost` ...) are a model call's own, but on any other run they
    are the sum of what is below it, and would count twice. What a run reports of itself, its
    `usage_metadata`, is taken from every kind of run.
    """
    own = list(_reported(run))
    columns = [run] if kind in _MODEL_KINDS else []
    cached: int | None = None
    for holder in (*own, *columns):
        parts = next((mapping(holder[key]) for key in _DETAILS if mapping(holder.get(key))), {})
        cached = _first(parts, _CACHED) if cached is None else cached
    # LangSmith's own figures first: it counts what the provider did not report, and prices it.
    holders = [holder for holder in (*columns, *own) if any(_first(holder, n) for n in (_INPUT, _OUTPUT))]
    holder = holders[0] if holders else {}
    return {
        "input_tokens": _first(holder, _INPUT),
        "output_tokens": _first(holder, _OUTPUT),
        "cached_tokens": cached,
        "cost_usd": next((c for h in (*columns, *own) if (c := _cost(h)) is not None), None),
    }


def summed_up(run: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What LangSmith sums up for a run that is no model call, to be kept as its attributes."""
    names = ("total_tokens", "prompt_tokens", "completion_tokens", "total_cost")
    return {} if kind in _MODEL_KINDS else {f"langsmith.{n}": run[n] for n in names if run.get(n)}


def model_of(run: Mapping[str, Any]) -> str | None:
    """The model that answered, else the one that was asked for."""
    outputs, extra = mapping(run.get("outputs")), mapping(run.get("extra"))
    answered = text_or_none(outputs.get("model")) or text_or_none(
        mapping(outputs.get("llm_output")).get("model_name")
    )
    if answered is None:
        replies = (mapping(m.get("response_metadata")).get("model_name") for m in _messages(outputs))
        answered = next((text_or_none(reply) for reply in replies if reply), None)
    if answered:
        return answered
    for holder in (
        mapping(extra.get("metadata")),
        mapping(extra.get("invocation_params")),
        mapping(run.get("inputs")),
    ):
        found = next((text_or_none(holder.get(k)) for k in _MODEL_KEYS if text_or_none(holder.get(k))), None)
        if found:
            return found
    return None


def parameters_of(run: Mapping[str, Any]) -> dict[str, Any] | None:
    """The inference parameters: what LangChain says of the call, else what the wrapped client was given."""
    extra = mapping(run.get("extra"))
    params = mapping(extra.get("invocation_params")) or mapping(
        mapping(extra.get("metadata")).get("ls_invocation_params")
    )
    found: dict[str, Any] = {}
    for holder in (mapping(run.get("inputs")), params):
        found |= {
            semconv.INVOCATION_KEYS[key]: value
            for key, value in holder.items()
            if key in semconv.INVOCATION_KEYS and value is not None and not isinstance(value, (dict, list))
        }
    return found or None


def _reported(run: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Where clients put what a call used, in the order of trust."""
    outputs, metadata = mapping(run.get("outputs")), mapping(mapping(run.get("extra")).get("metadata"))
    places = [metadata.get("usage_metadata"), outputs.get("usage_metadata"), outputs.get("usage")]
    llm_output = mapping(outputs.get("llm_output"))
    places += [llm_output.get("token_usage"), llm_output.get("usage")]
    places += [message.get("usage_metadata") for message in _messages(outputs)]
    for place in places:
        found = mapping(place)
        if found:
            yield found


def _messages(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The messages inside LangChain's `generations`, unwrapped from their constructors."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _messages(item, depth + 1)
    elif isinstance(value, dict):
        for key in ("generations", "message", "kwargs"):
            if isinstance(value.get(key), (dict, list)):
                yield from _messages(value[key], depth + 1)
        if "usage_metadata" in value or "response_metadata" in value:
            yield value


def _first(holder: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return next((n for name in names if (n := whole(holder.get(name))) is not None), None)


def _cost(holder: Mapping[str, Any]) -> float | None:
    total = amount(holder.get("total_cost"))
    if total is not None:
        return total
    names = ("prompt_cost", "completion_cost", "input_cost", "output_cost")
    parts = [cost for name in names if (cost := amount(holder.get(name))) is not None]
    return sum(parts) if parts else None
