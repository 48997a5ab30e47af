"""Addresses of crypto wallets: Bitcoin by its checksums (base58check, BIP 173, BIP 350), Ethereum by form."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from collectors.privacy.detectors.base import Place, Seen, Sieve

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CONSTANTS = (1, 0x2BC830A3)  # BIP 173, BIP 350
_FORM = re.compile(
    r"(?<![^\W_])(?:(?P<old>[13][1-9A-HJ-NP-Za-km-z]{25,34})|(?P<new>bc1[02-9ac-hj-np-z]{20,87}"
    r"|BC1[02-9AC-HJ-NP-Z]{20,87})|(?P<ether>0x[0-9a-fA-F]{40}))(?![^\W_])"
)


@dataclass(frozen=True)
class CryptoWallet:
    """An address of one of the two large currencies."""

    tag: str = "WALLET"
    title: str = "crypto wallet address"
    default: bool = True
    rank: int = 6
    gate: str = r"bc1[0-9a-z]{4}|BC1[0-9A-Z]{4}|0x[0-9a-fA-F]{8}|\b[13][1-9A-HJ-NP-Za-km-z]{25}"
    sieve: Sieve = "words"

    def find(self, seen: Seen) -> Iterator[Place]:
        """The whole address."""
        for match in _FORM.finditer(seen.text):
            if (
                match["ether"] is not None
                or (match["old"] is not None and _base58check(match["old"]))
                or (match["new"] is not None and _bech32(match["new"].lower()))
            ):
                yield match.span()


def _base58check(address: str) -> bool:
    value = 0
    for character in address:
        value = value * 58 + _BASE58.index(character)
    if value.bit_length() > 200:
        return False
    data = value.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4] == data[21:]


def _bech32(address: str) -> bool:
    prefix, _, data = address.rpartition("1")
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    values += [_BECH32.index(c) for c in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            check ^= generator if (top >> place) & 1 else 0
    return check in _CONSTANTS


DETECTOR = CryptoWallet()
