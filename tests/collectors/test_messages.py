"""Messages of every shape become the same readable text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collectors.messages import conversation, parse, readable_input, readable_output, reply, tool_call

ASKED = "Where is A-1?"
CALL = 'find(id="A-1", deep={"x": 1})'
SHAPES: dict[str, list[dict[str, Any]]] = {
    "openai": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": ASKED}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c",
                    "type": "function",
                    "function": {"name": "find", "arguments": '{"id": "A-1", "deep": {"x": 1}}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": "shipped"},
    ],
    "otel parts": [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": ASKED}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "tool_call", "id": "c", "name": "find", "arguments": {"id": "A-1", "deep": {"x": 1}}}
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "response": "shipped"}]},
    ],
    "anthropic": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": ASKED},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "c", "name": "find", "input": {"id": "A-1", "deep": {"x": 1}}}
            ],
        },
        {"role": "tool", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "shipped"}]},
    ],
    "gemini": [
        {"role": "system", "parts": [{"text": "Be brief."}]},
        {"role": "user", "parts": [{"text": ASKED}]},
        {
            "role": "model",
            "parts": [{"functionCall": {"name": "find", "args": {"id": "A-1", "deep": {"x": 1}}}}],
        },
        {"role": "function", "parts": [{"text": "shipped"}]},
    ],
    "langchain": [
        {"type": "system", "data": {"content": "Be brief.", "type": "system"}},
        {
            "lc": 1,
            "type": "constructor",
            "id": ["HumanMessage"],
            "kwargs": {"content": ASKED, "type": "human"},
        },
        {
            "type": "ai",
            "content": "",
            "tool_calls": [
                {"name": "find", "args": {"id": "A-1", "deep": {"x": 1}}, "id": "c", "type": "tool_call"}
            ],
        },
        {"type": "tool", "content": "shipped", "name": "find"},
    ],
    "vercel": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": ASKED}]},
        {
            "role": "assistant",
            "content": [
                {
                    "type": "tool-call",
                    "toolCallId": "c",
                    "toolName": "find",
                    "input": {"id": "A-1", "deep": {"x": 1}},
                }
            ],
        },
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "c",
                    "toolName": "find",
                    "output": {"type": "text", "value": "shipped"},
                }
            ],
        },
    ],
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("as_text", [False, True])
def test_every_shape_reads_the_same(name: str, as_text: bool) -> None:
    shape: Any = json.dumps(SHAPES[name]) if as_text else SHAPES[name]
    assert conversation(parse(shape)) == f"user: {ASKED}\nassistant: {CALL}\ntool: shipped"


def test_a_conversation_of_users_alone_is_their_bare_text() -> None:
    assert conversation(parse([{"role": "system", "content": "s"}, {"role": "user", "content": "q"}])) == "q"
    assert (
        conversation(parse([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])) == "a\n\nb"
    )
    assert conversation(parse([{"role": "system", "content": "only me"}])) == "only me"
    assert conversation(parse([{"role": "user", "content": ""}])) is None
    assert conversation([]) is None


def test_a_reply_has_every_choice() -> None:
    assert (
        reply(parse([{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]))
        == "a\n\nb"
    )
    assert reply(parse([{"role": "assistant", "content": None}])) is None


def test_a_picture_is_named_and_not_shown() -> None:
    content = [
        {"type": "text", "text": "what is it?"},
        {"type": "image_url", "image_url": {"url": "data:..."}},
    ]
    assert conversation(parse([{"role": "user", "content": content}])) == "what is it?\n[image_url]"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"a": 1, "b": "x"}', 'f(a=1, b="x")'),
        ({"a": [1, 2]}, "f(a=[1, 2])"),
        ("", "f()"),
        (None, "f()"),
        ("not json", "f(not json)"),
    ],
)
def test_tool_calls(arguments: Any, text: str) -> None:
    assert tool_call("f", arguments) == text


@pytest.mark.parametrize(
    ("value", "as_input", "as_output"),
    [
        ("plain", "plain", "plain"),
        ('{"question": "q", "context": "c"}', "q", '{"question": "q", "context": "c"}'),
        ('{"answer": "a", "sources": []}', '{"answer": "a", "sources": []}', "a"),
        (
            '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}',
            "user: q\nassistant: a",
            "a",
        ),
        ('{"choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}}]}', "a", "a"),
        ('{"generations": [[{"text": "", "message": {"lc": 1, "kwargs": {"content": ""}}}]]}', None, None),
        ('[{"page_content": "d1"}, {"page_content": "d2"}]', "d1\n\nd2", "d1\n\nd2"),
        ('{"n": 3}', '{"n": 3}', '{"n": 3}'),
        ('{"name": "Bob", "input": "hi"}', "hi", '{"name": "Bob", "input": "hi"}'),
        ('{"input": ""}', None, None),
        ("  ", None, None),
        ("{not json", "{not json", "{not json"),
        (7, "7", "7"),
    ],
)
def test_values_of_unknown_shape(value: Any, as_input: str | None, as_output: str | None) -> None:
    assert readable_input(value) == as_input
    assert readable_output(value) == as_output
