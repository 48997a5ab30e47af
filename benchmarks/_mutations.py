"""Sound files made unsound: bytes, JSON values and lines changed at random, the same for the same seed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

_TOKENS: tuple[bytes, ...] = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"NaN",
    b"-Infinity", b"1e999", b"9" * 401, b"-1", b"null", b"true", b'""', b"{}", b"[]", b"[" * 3_000,
    b'{"a":' * 1_200,
    b"\r", b"\n", b'"', b",", b";", b"\xef\xbb\xbf", b"\x1f\x8b\x08", b"1970-01-01", b"9999-12-31T23:59:60Z",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, -(2**70), 10**400, 1e308, float("nan"), float("inf"), "", " ", "\x00",
    "\ud800",
    "\udfff\ud800", "\u202eabc\u2066", "x" * 5_000, "[" * 600, '{"a": {"b": 1}}', "[1, 2", "data: {}\n\n",
    [], {},
    [[]], [None], {"": ""}, {"id": None}, {"role": 5}, {"content": [{"type": 7}]}, "2026-13-45", "9" * 400,
    "1e999", "NaN",
    [0.1] * 70, {"error": {"error": {"error": 1}}}, "-0", "0x10", 3.7,
)  # fmt: skip
LARGE = 1_000_000


def mutated(content: bytes, random: Random, others: Sequence[bytes] = ()) -> bytes:
    """The content after one to four changes; text of JSON is changed by its values half of the time."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        change = random.choice(_CHANGES)
        content = change(content, random, others)
    return content


def mutated_line(line: bytes, random: Random, others: Sequence[bytes] = ()) -> bytes:
    """One line that stays one line."""
    return mutated(line, random, others).replace(b"\n", b" ").replace(b"\r", b" ")


def _value(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Some value of a JSON line or document replaced, dropped, doubled, nested, or under another's name."""
    lines = content.split(b"\n")
    place = random.randrange(len(lines))
    whole = _loaded(content)
    value = whole if whole is not None else _loaded(lines[place])
    holders = list(_holders(value))
    if not holders:
        return _token(content, random, others)
    for _ in range(random.choice((1, 1, 2, 5))):
        _change(random.choice(holders), random)
    made = json.dumps(value).encode("utf-8", "surrogatepass")
    if random.random() < 0.1:
        made = _twice(made, random)
    return made if whole is not None else b"\n".join([*lines[:place], made, *lines[place + 1 :]])


def _change(holder: Any, random: Random) -> None:
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    if not keys:
        return
    key, action = random.choice(keys), random.random()
    if action < 0.6:
        holder[key] = random.choice(_VALUES)
    elif action < 0.7:
        del holder[key]
    elif action < 0.8:
        holder[key] = [holder[key]] if random.random() < 0.5 else {"value": holder[key]}
    elif action < 0.85:
        deep: Any = holder[key]
        for _ in range(random.choice((5, 70, 400))):
            deep = {"a": deep}
        holder[key] = deep
    elif action < 0.87:
        holder[key] = "é" * (LARGE + 5)
    elif action < 0.93 or not isinstance(holder, dict):
        holder[key] = json.dumps(holder[key])
    else:
        holder[random.choice(("id", "type", "\ud801", "chainwatch.kind", "x" * 600))] = holder.pop(key)


def _twice(text: bytes, random: Random) -> bytes:
    """A key that is there twice, which no parsed object can be."""
    value = json.dumps(random.choice(_VALUES)).encode("utf-8", "surrogatepass")
    place = text.find(b'"')
    end = text.find(b'":', place)
    return text if end < 0 else text[:place] + text[place : end + 2] + value + b", " + text[place:]


def _holders(value: Any, depth: int = 0) -> Any:
    if isinstance(value, (dict, list)) and depth < 60:
        yield value
        for inner in list(value.values()) if isinstance(value, dict) else value:
            yield from _holders(inner, depth + 1)


def _loaded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _token(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    place = random.randint(0, len(content))
    return content[:place] + random.choice(_TOKENS) + content[place:]


def _cut(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    return content[: random.randint(0, len(content))]


def _drop(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start = random.randint(0, len(content))
    return content[:start] + content[start + random.randint(1, 200) :]


def _double(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    start = random.randint(0, len(content))
    end = start + random.randint(1, 200)
    return content[:end] + content[start:end] + content[end:]


def _flip(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    found = bytearray(content)
    for _ in range(random.choice((1, 3, 30)) if found else 0):
        found[random.randrange(len(found))] = random.randrange(256)
    return bytes(found)


def _splice(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others) if others else content
    return content[: random.randint(0, len(content))] + other[random.randint(0, len(other)) :]


def _large(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    if random.random() < 0.9:
        return _token(content, random, others)
    place = random.randint(0, len(content))
    return content[:place] + b"x" * LARGE + content[place:]


_Change = Callable[[bytes, Random, Sequence[bytes]], bytes]
_CHANGES: tuple[_Change, ...] = (
    _value, _value, _value, _value, _value, _value, _token, _cut, _drop, _double, _flip, _splice, _large,
)  # fmt: skip
