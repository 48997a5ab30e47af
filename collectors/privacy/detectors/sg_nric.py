"""Singapore NRIC and FIN: check letter by series."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, code

_LETTERS = {"S": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}
# Of people registered from 2000 on, and foreigners from 2022 on.
_ADDED = {"T": 4, "G": 4, "M": 3}


def _valid(nric: str) -> bool:
    series = nric[0]
    place = (weighted(nric[1:8], (2, 7, 6, 5, 4, 3, 2)) + _ADDED.get(series, 0)) % 11
    if series == "M":
        return _LETTERS["M"][10 - place] == nric[8]
    return _LETTERS["S" if series in "ST" else "F"][place] == nric[8]


DETECTOR = Shaped(
    tag="SG_NRIC",
    title="Singapore NRIC or FIN",
    gate=DIGITS,
    least=7,
    margin=1,
    shape=code(r"[STFGM][0-9]{7}[A-Z]"),
    valid=_valid,
)
