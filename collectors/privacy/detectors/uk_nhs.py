"""UK National Health Service numbers: modulus 11 (NHS data dictionary)."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    check = 11 - weighted(digits, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return check != 10 and check % 11 == int(digits[9])


DETECTOR = Shaped(
    tag="UK_NHS",
    title="UK NHS number",
    gate=DIGITS,
    least=10,
    loose=number(r"\d{3}([ -]?)\d{3}\1\d{4}"),
    context=about(r"nhs(?: (?:number|no|#))?|national health service|health service number"),
    valid=_valid,
)
