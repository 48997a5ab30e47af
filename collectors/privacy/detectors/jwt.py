"""JSON Web Tokens (RFC 7519), signed (RFC 7515), encrypted (RFC 7516) or unsecured."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import START, Place, Seen, Sieve

_FORM = re.compile(START + r"(eyJ[A-Za-z0-9_-]{8,})(?:\.[A-Za-z0-9_-]*){2,4}")


@dataclass(frozen=True)
class Jwt:
    """Accepted when the first part decodes to a JSON object that names an algorithm or a type."""

    tag: str = "JWT"
    title: str = "JSON Web Token"
    default: bool = True
    rank: int = 1
    gate: str = "eyJ[A-Za-z0-9_-]"
    sieve: Sieve = "words"

    def find(self, seen: Seen) -> Iterator[Place]:
        """The whole token."""
        for match in _FORM.finditer(seen.text):
            if _is_header(match[1]):
                yield match.span()


def _is_header(part: str) -> bool:
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and ("alg" in header or "typ" in header)


DETECTOR = Jwt()
