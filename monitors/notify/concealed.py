"""What a receiver said, without the secrets that it may repeat."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from monitors.notify.hostile import cut, one_line

_HIDDEN = "[hidden]"
_LONGEST = 160
# Shorter parts of an address (v1, api) are no secret, and occur in plain words.
_SHORTEST_PART = 6


def concealed(text: str, secrets: Iterable[str]) -> str:
    """The start of `text` on one line, in which every secret reads [hidden].

    >>> concealed("no key\\nhush-hush here", ["hush-hush"])
    'no key [hidden] here'
    >>> concealed("who is bo?", ["bo"])
    '[hidden]'
    """
    # On one line first: a secret with a mark in its middle would not be found, and read as it is afterwards.
    said = one_line(text)
    for secret in sorted({s for s in secrets if s}, key=len, reverse=True):
        if len(secret) < 4 and secret in said:
            return _HIDDEN
        said = said.replace(secret, _HIDDEN)
    return cut(said, _LONGEST)


def secrets_of(url: str) -> tuple[str, ...]:
    """What must not be shown of an address: all of it, and each part that may be a key.

    >>> secrets_of("https://me:hush@example.org/services/T012345")[3:]
    ('hush', 'services', 'T012345')
    """
    parts = urlsplit(url)
    pieces = [p for p in (*parts.path.split("/"), *parts.query.split("&")) if len(p) >= _SHORTEST_PART]
    whole = (url, parts.path if len(parts.path) > 1 else "", parts.username or "", parts.password or "")
    plain = [unquote(piece) for piece in (*whole, *pieces)]
    return tuple(dict.fromkeys(p for p in (*whole, *pieces, *plain) if p))
