"""IP addresses. Off unless asked for: the logs of most applications hold more of servers than of people."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import Place, Seen, Sieve

_V4 = r"(?:\d{1,3}\.){3}\d{1,3}"
_CANDIDATE = re.compile(
    rf"(?<![\w.:])(?:(?:[0-9A-Fa-f]{{0,4}}:){{2,7}}(?:{_V4}|[0-9A-Fa-f]{{0,4}})|{_V4})(?![\w:]|\.\d)",
    re.ASCII,
)


@dataclass(frozen=True)
class IpAddress:
    """Versions 4 and 6, as Python's `ipaddress` reads them; loopback and unspecified ones name nobody."""

    tag: str = "IP_ADDRESS"
    title: str = "IP address"
    default: bool = False
    rank: int = 50
    gate: str = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:"
    sieve: Sieve = "words"

    def find(self, seen: Seen) -> Iterator[Place]:
        """The address without port and without prefix length."""
        for match in _CANDIDATE.finditer(seen.text):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            if not (address.is_loopback or address.is_unspecified):
                yield match.span()


DETECTOR = IpAddress()
