"""What a request and a message of the Anthropic Messages API tell, streamed or whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from collectors import messages
from collectors.messages import Message

_EVENTS = (
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
    "message_stop", "ping",
)  # fmt: skip
# Not said to anybody: it would hide a change in what the model answers.
_SILENT = ("thinking", "redacted_thinking")
_RESULTS = ("tool_result", "web_search_tool_result", "code_execution_tool_result", "mcp_tool_result")
_PARAMETERS = {
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "max_tokens": "max_tokens",
    "stop_sequences": "stop", "stream": "stream",
}  # fmt: skip
# What Amazon Bedrock adds to the response of a model.
_BEDROCK = "amazon-bedrock-invocationMetrics"


class Anthropic:
    """Bodies of the Messages API, also as Bedrock and Vertex take them."""

    provider = "anthropic"
    times: tuple[str, ...] = ()

    def is_request(self, body: Mapping[str, Any]) -> bool:
        """Whether it is the body of a call that only this API takes."""
        if not isinstance(body.get("messages"), list) or "max_tokens" not in body:
            return False
        if "anthropic_version" in body or "stop_sequences" in body:
            return True
        system = body.get("system")
        if isinstance(system, (str, list)) or str(body.get("model")).startswith("claude"):
            return True
        return any(
            isinstance(part, dict) and part.get("type") in ("tool_use", "tool_result", *_SILENT)
            for message in _mappings(body["messages"])
            for part in _list(message.get("content"))
        )

    def is_response(self, body: Mapping[str, Any]) -> bool:
        """Whether it is a message that the API answered with."""
        return (
            body.get("type") == "message"
            and isinstance(body.get("content"), list)
            and ("stop_reason" in body or "usage" in body)
        )

    def is_stream(self, chunks: Sequence[Any]) -> bool:
        """Whether the list holds the events of one streamed message."""
        return any(isinstance(c, dict) and c.get("type") in _EVENTS for c in chunks[:3])

    def joined(self, chunks: Sequence[Any]) -> Mapping[str, Any] | None:
        """The message that the events make; None when there is none among them."""
        whole: dict[str, Any] = {"type": "message", "role": "assistant"}
        blocks: dict[int, dict[str, Any]] = {}
        for event in (c for c in chunks if isinstance(c, dict)):
            kind = event.get("type")
            if kind == "message_start" and isinstance(event.get("message"), dict):
                whole |= event["message"]
            elif kind in ("content_block_start", "content_block_delta"):
                index = event.get("index")
                _grow(blocks.setdefault(index if isinstance(index, int) else 0, {}), event)
            elif kind == "message_delta":
                delta, usage = event.get("delta"), event.get("usage")
                whole |= delta if isinstance(delta, dict) else {}
                if isinstance(usage, dict):
                    known = whole.get("usage")
                    whole["usage"] = {**(known if isinstance(known, dict) else {}), **usage}
            elif kind == "error":
                whole["error"] = event.get("error")
        whole["content"] = [blocks[index] for index in sorted(blocks)]
        return whole

    def fields(self, request: Mapping[str, Any], response: Mapping[str, Any], url: str) -> dict[str, Any]:
        """The fields of a span that both bodies tell of; cached tokens count among the input tokens."""
        metadata = request.get("metadata")
        user = metadata.get("user_id") if isinstance(metadata, dict) else None
        usage = response.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        return {
            "component": "messages",
            "kind": "llm",
            "model": response.get("model") or request.get("model"),
            "input_text": _input(request),
            "output_text": _output(response),
            "documents": _documents(response),
            "parameters": self.parameters(request),
            "user_id": user if isinstance(user, str) else None,
            "input_tokens": _input_tokens(usage),
            "output_tokens": usage.get("output_tokens"),
            "cached_tokens": usage.get("cache_read_input_tokens"),
            **_first_token(response),
        }

    def parameters(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Inference parameters under the names that all conventions share."""
        found = {_PARAMETERS[k]: v for k, v in asked.items() if k in _PARAMETERS and v is not None}
        return found | _thinking(asked)

    def reasoning_tokens(self, response: Mapping[str, Any]) -> int | None:
        """None: this API counts thinking among the output tokens and does not say how much."""
        return None

    def finish_reasons(self, response: Mapping[str, Any]) -> list[str]:
        """Why the message ended."""
        reason = response.get("stop_reason")
        return [reason] if isinstance(reason, str) else []


def _grow(block: dict[str, Any], event: Mapping[str, Any]) -> None:
    start, delta = event.get("content_block"), event.get("delta")
    if isinstance(start, dict):
        block.update(start)
        if isinstance(start.get("input"), dict) and not start["input"]:
            del block["input"]  # comes in pieces of JSON text
    if isinstance(delta, dict):
        for key, piece in (("text", "text"), ("thinking", "thinking"), ("input", "partial_json")):
            if isinstance(delta.get(piece), str):
                before = block.get(key)
                block[key] = (before if isinstance(before, str) else "") + delta[piece]


def _input(request: Mapping[str, Any]) -> str | None:
    said: list[Message] = []
    for message in _mappings(request.get("messages")):
        content = message.get("content")
        if isinstance(content, list):
            results = [p for p in content if isinstance(p, dict) and p.get("type") in _RESULTS]
            for result in results:
                said += messages.parse([{"role": "tool", "content": result.get("content")}])
            skipped = [*results, *(p for p in content if _is_silent(p))]
            content = [part for part in content if not any(part is other for other in skipped)]
        said += messages.parse([{**message, "content": content}])
    if not said and isinstance(request.get("prompt"), str):
        return request["prompt"].strip() or None
    return messages.conversation(said)


def _output(response: Mapping[str, Any]) -> str | None:
    content = response.get("content")
    if not isinstance(content, list):
        return None
    spoken = [part for part in content if not _is_silent(part) and not _is_result(part)]
    return messages.reply(messages.parse([{"role": "assistant", "content": spoken}])) if spoken else None


def _documents(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What web search found: the page's address is its id."""
    return [
        {"id": hit.get("url") if isinstance(hit.get("url"), str) else None, "text": hit.get("title")}
        for part in _mappings(response.get("content"))
        if part.get("type") == "web_search_tool_result"
        for hit in _mappings(part.get("content"))
        if isinstance(hit.get("title"), str)
    ]


def _input_tokens(usage: Mapping[str, Any]) -> Any:
    """All input tokens: this API counts those read from and written to the cache apart."""
    plain = usage.get("input_tokens")
    if not isinstance(plain, int):
        return plain
    parts = [usage.get(key) for key in ("cache_read_input_tokens", "cache_creation_input_tokens")]
    return plain + sum(part for part in parts if isinstance(part, int))


def _thinking(request: Mapping[str, Any]) -> dict[str, Any]:
    thinking = request.get("thinking")
    budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    return {"thinking_budget_tokens": budget} if isinstance(budget, int) else {}


def _first_token(response: Mapping[str, Any]) -> dict[str, Any]:
    metrics = response.get(_BEDROCK)
    latency = metrics.get("firstByteLatency") if isinstance(metrics, dict) else None
    known = isinstance(latency, (int, float)) and 0 <= latency < 1e9
    return {"time_to_first_token_s": latency / 1000} if known and latency is not None else {}


def _is_silent(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in _SILENT


def _is_result(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in _RESULTS


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]


ANTHROPIC = Anthropic()
