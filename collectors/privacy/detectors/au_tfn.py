"""Australian tax file numbers: modulus 11."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    return weighted(digits, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


DETECTOR = Shaped(
    tag="AU_TFN",
    title="Australian tax file number",
    gate=DIGITS,
    loose=number(r"\d{3}([ -]?)\d{3}\1\d{3}"),
    context=about(r"tfns?|tax file(?: (?:number|no|#))?"),
    valid=_valid,
)
