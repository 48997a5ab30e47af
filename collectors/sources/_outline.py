"""What a JSON text looks like from its first bytes alone: which keys stand where.

Telling formats apart must not depend on the order of keys, on the text fitting into the bytes that are
looked at, or on words inside a string.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_MAX_DEPTH = 5
# Nothing that is known nests deeper; the rest of such a text is not looked at.
_DEEPEST = 64
_TOKEN = re.compile(
    r'\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([{}\[\],:])|([^\s{}\[\],:"]{1,64}))',
    re.DOTALL,
)
_COLON = re.compile(r"\s*:")
Outline = Mapping[str, str]


@lru_cache(maxsize=4)
def outline(head: bytes) -> Outline:
    """Dotted path -> its first scalar as text ("" for an object or a list) in the first JSON value of `head`.

    A list's items share the path `[]`: `data[].spans[].spanID`. Keys deeper than five levels are left out.

    >>> outline(b'{"data": [{"id": 7, "tags": []}, {"name": "x", "cut o')
    {'data': '', 'data[].id': '7', 'data[].tags': '', 'data[].name': 'x'}
    """
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    walk = _Walk()
    position = 0
    while (token := _TOKEN.match(text, position)) is not None and not walk.ended:
        position = token.end()
        string, mark, scalar = token.groups()
        if mark is None:
            is_key = string is not None and _COLON.match(text, position) is not None
            walk.value(string if string is not None else scalar, is_key=is_key)
        elif mark in "{[":
            walk.opens(mark)
        elif mark in "}]":
            walk.closes()
        elif mark == ",":
            walk.key = None
    return walk.found


class _Walk:
    """Where one is in a JSON text, and what was seen on the way."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.key: str | None = None
        self.ended = False
        # Of each open container: the path of what is in it, and whether it is a list.
        self._stack: list[tuple[str, bool]] = []

    def value(self, value: str, *, is_key: bool) -> None:
        if not self._stack:
            self.ended = True
        elif self.key is None and is_key and not self._stack[-1][1]:
            self.key = value
        else:
            self._note(value)
            self.key = None

    def opens(self, mark: str) -> None:
        self.ended = len(self._stack) >= _DEEPEST
        path = self._note("")
        self._stack.append((path + "[]" if mark == "[" else path, mark == "["))
        self.key = None

    def closes(self) -> None:
        self._stack = self._stack[:-1]
        self.key = None
        self.ended = not self._stack

    def _note(self, value: str) -> str:
        """The path of a value that begins here, noted under its key."""
        path = self._stack[-1][0] if self._stack else ""
        if self.key is None:
            return path
        path = f"{path}.{self.key}" if path else self.key
        if len(self._stack) <= _MAX_DEPTH:
            self.found.setdefault(path, value)
        return path


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
