"""Australian Medicare card numbers: a weighted check digit."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    return digits[0] in "23456" and weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])


DETECTOR = Shaped(
    tag="AU_MEDICARE",
    title="Australian Medicare number",
    gate=DIGITS,
    least=10,
    loose=number(r"[2-6]\d{3} ?\d{5} ?\d(?:[ /-]?\d)?"),
    context=about(r"medicare(?: (?:card|number|no))*"),
    valid=_valid,
)
