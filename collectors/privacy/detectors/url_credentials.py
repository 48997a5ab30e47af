"""User name and password inside a URL: `scheme://user:password@host` (RFC 3986, 3.2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import SIGN, Place, Seen, Sieve

_USERINFO = re.compile(r"://([^\s/?#@:\"'<>\[\]{}]{0,128}:[^\s/?#@\"'<>]{1,256})@(?=[\w\[])")


@dataclass(frozen=True)
class UrlCredentials:
    """The part between `://` and `@`; the host stays, since it says what was called."""

    tag: str = "CREDENTIALS"
    title: str = "user name and password in a URL"
    default: bool = True
    rank: int = 3
    gate: str = SIGN
    sieve: Sieve = "numbers"

    def find(self, seen: Seen) -> Iterator[Place]:
        """User name, colon and password."""
        for match in _USERINFO.finditer(seen.text):
            if not (match[1].startswith("[") or "${" in match[1] or ":{" in match[1]):
                yield match.span(1)


DETECTOR = UrlCredentials()
