"""Mexican CURP: date of birth, sex, state and check digit."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_birthday
from collectors.privacy.detectors.base import CODES, Shaped, code

_VALUES = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_STATES = "AS|BC|BS|CC|CL|CM|CS|CH|DF|DG|GT|GR|HG|JC|MC|MN|MS|NT|NL|OC|PL|QT|QR|SP|SL|SR|TC|TS|TL|VZ|YN|ZS|NE"


def _valid(curp: str) -> bool:
    total = sum(_VALUES.index(character) * (18 - place) for place, character in enumerate(curp[:17]))
    return str(-total % 10) == curp[17] and is_birthday(curp[4:10])


DETECTOR = Shaped(
    tag="MX_CURP",
    title="Mexican CURP",
    gate=CODES,
    shape=code(
        rf"[A-Z][AEIOUX][A-Z]{{2}}[0-9]{{6}}[HMX](?:{_STATES})[B-DF-HJ-NP-TV-Z]{{3}}[0-9A-Z][0-9]",
        ignore_case=True,
    ),
    valid=_valid,
)
