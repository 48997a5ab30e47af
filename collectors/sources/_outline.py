"""What a JSON text looks like from its first bytes alone: which keys stand where.

Telling formats apart must not depend on the order of keys, on the text fitting into the bytes that are
looked at, or on words inside a string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_MAX_DEPTH = 5
_TOKEN = re.compile(
    r'\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([{}\[\],:])|([^\s{}\[\],:"]{1,64}))',
    re.DOTALL,
)
Outline = Mapping[str, str]


@lru_cache(maxsize=4)
def outline(head: bytes) -> Outline:
    """Dotted path -> its first scalar as text ("" for an object or a list) in the first JSON value of `head`.

    A list's items share the path `[]`: `data[].spans[].spanID`. Keys deeper than five levels are left out.

    >>> outline(b'{"data": [{"id": 7, "tags": []}, {"name": "x", "cut o')
    {'data': '', 'data[].id': '7', 'data[].tags': '', 'data[].name': 'x'}
    """
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    found: dict[str, str] = {}
    # Of each open container: its path, and the key that its next value belongs to (None in a list).
    stack: list[tuple[str, str | None]] = []
    key: str | None = None
    position = 0
    while (token := _TOKEN.match(text, position)) is not None:
        position = token.end()
        string, mark, scalar = token.groups()
        if mark in ("{", "["):
            path = _path(stack, key)
            if stack and key is not None and len(stack) <= _MAX_DEPTH:
                found.setdefault(path, "")
            stack.append((path + ("[]" if mark == "[" else ""), None if mark == "[" else ""))
            key = None
        elif mark in ("}", "]"):
            if stack:
                stack.pop()
            key = None
            if not stack:
                break
        elif mark == ",":
            key = None
        elif mark is None:
            value = string if string is not None else scalar
            if not stack:
                break
            if stack[-1][1] is None or key is not None:
                if key is not None and len(stack) <= _MAX_DEPTH:
                    found.setdefault(_path(stack, key), value)
                key = None
            elif string is not None and text[position : position + 8].lstrip()[:1] == ":":
                key = string
    return found


def _path(stack: list[tuple[str, str | None]], key: str | None) -> str:
    path = stack[-1][0] if stack else ""
    return path if key is None else f"{path}.{key}" if path else key


def keys_under(found: Outline, prefix: str) -> dict[str, str]:
    """The keys directly under `prefix`, with their first scalar; lists count as their items.

    >>> keys_under(outline(b'[{"id": 1, "in": {"a": 2}}]'), "[]")
    {'id': '1', 'in': ''}
    """
    start = f"{prefix}." if prefix else ""
    return {
        path[len(start) :]: value
        for path, value in found.items()
        if path.startswith(start) and "." not in path[len(start) :] and "[]" not in path[len(start) :]
    }
