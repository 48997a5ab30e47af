"""E-mail addresses, also with international letters and as they stand in a URL (%40)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import SIGN, Place, Seen, Sieve

# RFC 5321: 64 octets before the sign, 255 after it.
_LONGEST_LOCAL = 64
# Without quotes, braces and the like, which RFC 5322 allows, nobody has, and code is full of.
_LOCAL = re.compile(r"[\w.+%&'~!#$*^=-]+\Z")
_EDGE = ".'~!#$*^=&%-"
_DOMAIN = re.compile(
    r"(?:@|%40)((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59}))(?![\w-])", re.I
)
# A picture in two densities (icon@2x.png) is no address, and neither is an SSH remote.
_PICTURE = re.compile(r"@\dx\.(?:png|jpe?g|gif|webp|svg|avif)\Z", re.I)


@dataclass(frozen=True)
class Email:
    """Works outwards from each sign, so that a long run of letters costs nothing."""

    tag: str = "EMAIL"
    title: str = "e-mail address"
    default: bool = True
    rank: int = 30
    gate: str = SIGN
    sieve: Sieve = "numbers"

    def find(self, seen: Seen) -> Iterator[Place]:
        """From the local part to the end of the domain."""
        text = seen.text
        for domain in _DOMAIN.finditer(text):
            sign = domain.start()
            first = max(0, sign - _LONGEST_LOCAL)
            local = _LOCAL.search(text, first, sign)
            if local is None or text[sign - 1] == ".":
                continue
            name = local[0]
            start = sign - len(name)
            # The n of an escaped line end belongs to the escape.
            if start and text[start - 1] == "\\" and name[0] in "nrt" and len(name) > 1:
                start, name = start + 1, name[1:]
            start += len(name) - len(name.lstrip(_EDGE))
            if start == sign or _PICTURE.search(domain[0]):
                continue
            if text[start:sign] == "git" and text[domain.end() : domain.end() + 1] == ":":
                continue
            yield start, domain.end()


DETECTOR = Email()
