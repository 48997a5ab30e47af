"""Log text made harmless: who writes to a chain writes to its log, and must not page anybody with it."""

from __future__ import annotations

import re
import unicodedata

_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]*):(?=//)", re.IGNORECASE)
_BARE_SCHEME = re.compile(r"\b(mailto|tel|sms|javascript|data|slack):", re.IGNORECASE)
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)
_MENTION = re.compile(r"@(?=\S)")
_SPACES = re.compile(r"\s+")
# Invisible, no width, and it keeps "@here" from being read as one word.
_JOINER = "\u2060"
_MOST_MARKS = 2


def one_line(text: str) -> str:
    """`text` on one line, without what cannot be seen: control, format and direction marks, stacked accents.

    >>> one_line("a\\u202eb\\x1b[31m c\\n\\td")
    'ab[31m c d'
    """
    kept: list[str] = []
    marks = 0
    for character in text:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if kind == "Cc":
            kept.append(" " if character in "\t\n\r\v\f" else "")
        elif kind not in ("Cf", "Cs", "Co", "Cn") and marks <= _MOST_MARKS:
            kept.append(character)
    return _SPACES.sub(" ", "".join(kept)).strip()


def defused(text: str) -> str:
    """`text` on one line, in which nothing is a link and nobody is mentioned.

    >>> defused("see https://evil.example and mail a@b")
    'see https[:]//evil.example and mail a@\\u2060b'
    """
    flat = _SCHEME.sub(r"\1[:]", one_line(text))
    flat = _WWW.sub("www[.]", _BARE_SCHEME.sub(r"\1[:]", flat))
    return _MENTION.sub("@" + _JOINER, flat)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where something is missing.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"
