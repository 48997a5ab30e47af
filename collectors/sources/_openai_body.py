"""What a request and a response of the OpenAI API tell, whichever of its endpoints they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from collectors import messages, semconv
from collectors.messages import Message
from collectors.sources import _openai_stream

_OBJECTS = ("chat.completion", "text_completion", "response")
# Items of a Responses output that say nothing to anybody.
_SILENT = ("reasoning", "item_reference", "compaction")


class OpenAi:
    """Bodies of the OpenAI API, and of the many servers that speak it."""

    provider = "openai"
    times = ("created", "created_at")

    def is_request(self, body: Mapping[str, Any]) -> bool:
        """Whether it is the body of a call: something to answer, and mostly the model."""
        said = body.get("messages")
        if isinstance(said, list) and said and all(isinstance(item, dict) for item in said):
            return any("role" in item for item in said)
        return any(key in body for key in ("input", "prompt", "previous_response_id")) and "model" in body

    def is_response(self, body: Mapping[str, Any]) -> bool:
        """Whether it is what the API answered."""
        if body.get("object") in _OBJECTS:
            return True
        choices = body.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            return any(key in choices[0] for key in ("message", "text", "delta"))
        return _vectors(body) is not None or _verdicts(body) is not None

    def is_stream(self, chunks: Sequence[Any]) -> bool:
        """Whether the list holds the chunks of one answer."""
        return _openai_stream.is_stream(chunks)

    def joined(self, chunks: Sequence[Any]) -> Mapping[str, Any] | None:
        """The answer that the chunks make."""
        return _openai_stream.joined(chunks)

    def fields(self, request: Mapping[str, Any], response: Mapping[str, Any], url: str) -> dict[str, Any]:
        """The fields of a span that both bodies tell of."""
        operation = _operation(request, response, url)
        usage = response.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        found: dict[str, Any] = {
            "component": operation,
            "kind": {"embeddings": "embedding", "moderation": "guardrail"}.get(operation, "llm"),
            "model": _text(response.get("model")) or _text(request.get("model")),
            "input_text": _input(request, response),
            "output_text": _output(response),
            "documents": _documents(response),
            "parameters": _parameters(request, response),
            "user_id": _text(request.get("user")) or _text(request.get("safety_identifier")),
            "session_id": _session(request, response),
            "input_tokens": _first(usage, "prompt_tokens", "input_tokens"),
            "output_tokens": _first(usage, "completion_tokens", "output_tokens"),
            "cached_tokens": _cached(usage),
            "cost_usd": usage.get("cost"),
        }
        prompt = request.get("prompt") if operation == "responses" else None
        if isinstance(prompt, dict):
            found["prompt_template"] = _text(prompt.get("id"))
            found["prompt_version"] = _text(prompt.get("version"))
        return found

    def parameters(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Inference parameters under the names that all conventions share."""
        return _parameters(asked, {})

    def reasoning_tokens(self, response: Mapping[str, Any]) -> int | None:
        """Output tokens that nobody sees."""
        usage = response.get("usage")
        for key in ("completion_tokens_details", "output_tokens_details"):
            details = usage.get(key) if isinstance(usage, dict) else None
            found = details.get("reasoning_tokens") if isinstance(details, dict) else None
            if isinstance(found, int) and not isinstance(found, bool):
                return found
        return None

    def finish_reasons(self, response: Mapping[str, Any]) -> list[str]:
        """Why each choice ended; for a response its status, or why it is incomplete."""
        reasons = [c.get("finish_reason") for c in _mappings(response.get("choices"))]
        if response.get("object") == "response":
            details = response.get("incomplete_details")
            reasons = [details.get("reason") if isinstance(details, dict) else response.get("status")]
        return [reason for reason in reasons if isinstance(reason, str)]


def _operation(request: Mapping[str, Any], response: Mapping[str, Any], url: str) -> str:
    kind = response.get("object")
    if kind == "response" or "/responses" in url or "output" in response:
        return "responses"
    if _vectors(response) is not None or url.endswith(("/embeddings", "/embedding", "/aembedding")):
        return "embeddings"
    if _verdicts(response) is not None or "/moderations" in url:
        return "moderation"
    if kind == "text_completion" or ("prompt" in request and "messages" not in request):
        return "completion"
    if "messages" not in request and "input" in request and not response.get("choices"):
        return "embeddings" if "embed" in str(request.get("model")).lower() else "responses"
    return "chat"


def _input(request: Mapping[str, Any], response: Mapping[str, Any]) -> str | None:
    said = request.get("messages")
    if said is not None:
        return messages.conversation(messages.parse(said, "user"))
    value = request.get("input", response.get("input"))
    prompt = request.get("prompt")
    if value is None and isinstance(prompt, dict):
        return messages.readable_input(prompt.get("variables"))
    value = prompt if value is None else value
    if isinstance(value, list):
        # Texts side by side, token numbers that nobody can read, or messages.
        if not any(isinstance(item, dict) for item in value):
            return "\n\n".join(item for item in value if isinstance(item, str)) or None
        return messages.conversation(_items(value))
    return (value.strip() or None) if isinstance(value, str) else None


def _output(response: Mapping[str, Any]) -> str | None:
    choices = _mappings(response.get("choices"))
    if choices:
        texts = [_choice(choice) for choice in choices]
        return "\n\n".join(text for text in texts if text) or None
    output = response.get("output")
    if isinstance(output, list):
        return messages.reply(m for m in _items(output) if m.role in ("assistant", ""))
    verdicts = _verdicts(response)
    if verdicts is not None:
        return "\n".join(_verdict(item) for item in verdicts) or None
    text = response.get("output_text")
    return text if isinstance(text, str) else None


def _choice(choice: Mapping[str, Any]) -> str:
    message = choice.get("message") or choice.get("delta")
    if not isinstance(message, dict):
        text = choice.get("text")
        return text.strip() if isinstance(text, str) else ""
    audio = message.get("audio")
    transcript = audio.get("transcript") if isinstance(audio, dict) else None
    said = message.get("content") or message.get("refusal") or transcript
    shown = {"role": "assistant", "content": said, "tool_calls": _openai_stream.calls_of(message)}
    if isinstance(message.get("function_call"), dict):
        shown["function_call"] = message["function_call"]
    found = messages.parse([shown])
    return found[0].text if found else ""


def _items(values: Iterable[Any]) -> list[Message]:
    """Items of the Responses API as messages: calls are the assistant's, their outputs the tool's."""
    found: list[Message] = []
    for item in values:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind in _SILENT:
            continue
        if isinstance(kind, str) and kind.endswith("_call_output"):
            found += messages.parse([{"role": "tool", "content": item.get("output")}])
        elif isinstance(kind, str) and kind.endswith("_call"):
            found.append(Message(role="assistant", text=_call(item, kind)))
        elif kind == "refusal":
            found += messages.parse([{"role": "assistant", "content": item.get("refusal")}])
        elif isinstance(item, dict):
            found += messages.parse([{**item, "content": _parts(item.get("content"))}], "user")
        else:
            found += messages.parse([item], "user")
    return found


def _parts(content: Any) -> Any:
    """A refusal stands where the text would."""
    if not isinstance(content, list):
        return content
    return [
        {"type": "text", "text": part.get("refusal")}
        if isinstance(part, dict) and part.get("type") == "refusal"
        else part
        for part in content
    ]


def _call(item: Mapping[str, Any], kind: str) -> str:
    if "arguments" in item or "input" in item:
        return messages.tool_call(item.get("name") or kind, item.get("arguments", item.get("input")))
    given = {key: item[key] for key in ("queries", "action", "code") if item.get(key) is not None}
    return messages.tool_call(kind.removesuffix("_call"), given)


def _documents(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What file search found, in its order."""
    hits = [
        hit
        for item in _mappings(response.get("output"))
        if item.get("type") == "file_search_call"
        for hit in _mappings(item.get("results"))
    ]
    return [
        {"id": _text(hit.get("file_id")), "score": _number(hit.get("score")), "text": _text(hit.get("text"))}
        for hit in hits
    ]


def _parameters(request: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    """Inference parameters as asked for; a stored completion repeats them in the response."""
    found: dict[str, Any] = {}
    for body in (response, request):
        for key, name in semconv.INVOCATION_KEYS.items():
            value = body.get(key)
            if value is not None and not isinstance(value, dict):
                found[name] = value
        reasoning = body.get("reasoning")
        if isinstance(reasoning, dict) and isinstance(reasoning.get("effort"), str):
            found["reasoning_effort"] = reasoning["effort"]
    return found


def _session(request: Mapping[str, Any], response: Mapping[str, Any]) -> str | None:
    for body in (request, response):
        conversation = body.get("conversation")
        named = conversation.get("id") if isinstance(conversation, dict) else conversation
        if _text(named):
            return _text(named)
    return None


def _cached(usage: Mapping[str, Any]) -> Any:
    for key in ("prompt_tokens_details", "input_tokens_details"):
        details = usage.get(key)
        if isinstance(details, dict) and details.get("cached_tokens") is not None:
            return details["cached_tokens"]
    return usage.get("prompt_cache_hit_tokens")


def _vectors(body: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    data = _mappings(body.get("data"))
    return data if data and all("embedding" in item for item in data) else None


def _verdicts(body: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    results = _mappings(body.get("results"))
    return results if results and all("flagged" in item for item in results) else None


def _verdict(item: Mapping[str, Any]) -> str:
    categories = item.get("categories")
    named = [k for k, v in categories.items() if v is True] if isinstance(categories, dict) else []
    return f"flagged: {', '.join(named)}" if item.get("flagged") else "not flagged"


def _first(holder: Mapping[str, Any], *names: str) -> Any:
    return next((holder[name] for name in names if holder.get(name) is not None), None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> float | None:
    finite = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
    return float(value) if finite else None


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


OPENAI = OpenAi()
