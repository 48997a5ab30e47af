"""Private keys in PEM (RFC 7468), PGP and PuTTY form, also with escaped line ends, also cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import Place, Seen, Sieve

_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
# What a key that was cut off may consist of: base 64, header lines of old PEM files, line ends.
_BODY = re.compile(r"(?:[A-Za-z0-9+/=\s:,.-]|\\[nr])*")


@dataclass(frozen=True)
class PrivateKey:
    """From BEGIN to END; to the end of what looks like key material when END is missing."""

    tag: str = "PRIVATE_KEY"
    title: str = "private key"
    default: bool = True
    rank: int = 0
    gate: str = "PRIVATE KEY"
    sieve: Sieve = "words"

    def find(self, seen: Seen) -> Iterator[Place]:
        """Each key with its frame."""
        text = seen.text
        place = 0
        while (begin := _BEGIN.search(text, place)) is not None:
            end = _END.search(text, begin.end())
            if end is not None:
                place = end.end()
            else:
                body = _BODY.match(text, begin.end())
                place = body.end() if body is not None else begin.end()
            yield begin.start(), place


DETECTOR = PrivateKey()
