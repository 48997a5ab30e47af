"""The credentials of an HTTP Authorization header (RFC 9110, 11.6.2), and bearer tokens on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import START, Place, Seen, Sieve

_TOKEN = r"[A-Za-z0-9._~+/:-]"  # noqa: S105 - the characters of one
_HEADER = re.compile(
    rf"{START}(?:proxy-)?authorization[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?(?:bearer|basic|token|apikey|digest|negotiate)"
    rf"\s{{1,3}}({_TOKEN}{{6,}}=*)",
    re.IGNORECASE,
)
_BEARER = re.compile(rf"{START}Bearer\s{{1,3}}({_TOKEN}{{20,}}=*)", re.IGNORECASE)


@dataclass(frozen=True)
class Authorization:
    """The credentials alone: that there was a header, and of which scheme, stays readable."""

    tag: str = "TOKEN"
    title: str = "credentials of an Authorization header"
    default: bool = True
    rank: int = 4
    gate: str = r"(?i:authorization|bearer\s)"
    sieve: Sieve = "words"

    def find(self, seen: Seen) -> Iterator[Place]:
        """What follows the scheme."""
        for match in _HEADER.finditer(seen.text):
            yield match.span(1)
        for match in _BEARER.finditer(seen.text):
            # Words are no token.
            if any(character.isdigit() for character in match[1]):
                yield match.span(1)


DETECTOR = Authorization()
