"""An OpenAI-compatible endpoint over real HTTP: does what a script says, remembers what it was sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the endpoint answers: an HTTP error, or a chat completion with this content."""

    content: str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    refusal: str | None = None
    finish_reason: str = "stop"
    tool_arguments: str | None = None
    usage: tuple[int, int] | None = (100, 20)
    raw: str | None = None
    # Server-sent events, a few characters each, though nobody asked for a stream.
    streamed: bool = False
    drop_end: bool = False
    # The connection is cut after so many bytes of the body.
    cut_after: int | None = None
    code: str = "x"


Script = Callable[[dict[str, Any], int], Reply]


@dataclass
class ScriptedLlm:
    """A running endpoint. `requests` holds the bodies in the order of arrival, `at` their times."""

    url: str
    requests: list[dict[str, Any]]
    at: list[float]
    keys: list[str]


@contextmanager
def scripted_llm(script: Script) -> Iterator[ScriptedLlm]:
    """Serve `script(body, number of the request from 0)` on a free port of the loopback."""
    seen = ScriptedLlm(url="", requests=[], at=[], keys=[])
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(seen.requests)
                seen.requests.append(body)
                seen.at.append(time.monotonic())
                seen.keys.append(self.headers.get("Authorization", ""))
            reply = script(body, number)
            time.sleep(reply.delay_s)
            payload = (_raw(reply) if reply.raw is None else reply.raw).encode()
            kind = "text/event-stream" if reply.streamed else "application/json"
            payload = _events(payload, end=not reply.drop_end) if reply.streamed else payload
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Type": kind, **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload[: reply.cut_after])
                self.close_connection = self.close_connection or reply.cut_after is not None
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def grades(correctness: Any = 3, comprehensiveness: Any = 2, readability: Any = 3) -> str:
    """A well-formed reply for the rubric answer_quality."""
    scores = {
        "correctness": correctness,
        "comprehensiveness": comprehensiveness,
        "readability": readability,
    }
    return json.dumps({name: {"rationale": f"why {name}", "score": score} for name, score in scores.items()})


def form(body: dict[str, Any]) -> str:
    """How a request asked for structure: json_schema, tool or text."""
    if "response_format" in body:
        return str(body["response_format"]["type"])
    return "tool" if "tools" in body else "text"


def _raw(reply: Reply) -> str:
    if reply.status != 200:
        return json.dumps({"error": {"message": "scripted failure of key sk-secret", "code": reply.code}})
    message: dict[str, Any] = {"role": "assistant", "content": reply.content, "refusal": reply.refusal}
    if reply.tool_arguments is not None:
        call = {"name": "grade", "arguments": reply.tool_arguments}
        message["tool_calls"] = [{"id": "c1", "type": "function", "function": call}]
    completion: dict[str, Any] = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
    }
    if reply.usage is not None:
        inputs, outputs = reply.usage
        completion["usage"] = {
            "prompt_tokens": inputs,
            "completion_tokens": outputs,
            "total_tokens": inputs + outputs,
        }
    return json.dumps(completion)


def _events(completion: bytes, *, end: bool) -> bytes:
    """A chat completion in chunks of ten characters; without the last four if not `end`."""
    whole = json.loads(completion)
    (choice,) = whole["choices"]
    text = choice["message"]["content"] or ""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[i : i + 10]} for i in range(0, len(text), 10)]
    ends = [None] * len(deltas) + [choice["finish_reason"]]
    chunks = [
        {**whole, "object": "chat.completion.chunk", "usage": None, "choices": [
            {"index": 0, "delta": delta, "finish_reason": end}]}
        for delta, end in zip([*deltas, {}], ends, strict=True)
    ]  # fmt: skip
    chunks.append({**whole, "object": "chat.completion.chunk", "choices": []})
    chunks = chunks if end else chunks[:-4]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"
