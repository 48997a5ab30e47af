"""Markdown out of texts that come from logs: whatever is in them, it is shown and not rendered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitors.notify.hostile import cut, defused

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>#|~!&])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 2_000
_FENCE = re.compile(r"`{3,}")


def flat(text: str) -> str:
    """One line without markup, links, mentions or what cannot be seen.

    >>> flat("**b** [x](https://y) | <i>")
    '\\\\*\\\\*b\\\\*\\\\* \\\\[x\\\\](https\\\\[:\\\\]//y) \\\\| \\\\<i\\\\>'
    """
    return _PUNCTUATION.sub(r"\\\1", defused(cut(text, _LONGEST)))


def code(text: str) -> str:
    """A text as it stands, in a fence that it cannot close.

    >>> print(code("a```b"))
    ````text
    a```b
    ````
    """
    shown = _CONTROL.sub("\ufffd", cut(text, _LONGEST)).replace("\r", "\ufffd")
    longest = max((len(found) for found in _FENCE.findall(shown)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; its cells must be flat already.

    >>> print(table(("a", "b"), [("1", "2")]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "|" + "|".join(cells) + "|" if cells and set(cells) == {"---"} else f"| {' | '.join(cells)} |"
        for cells in lines
    )
