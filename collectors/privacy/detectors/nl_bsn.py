"""Dutch citizen service numbers (BSN): the eleven test."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    padded = digits.zfill(9)
    return int(padded) > 0 and weighted(padded, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


DETECTOR = Shaped(
    tag="NL_BSN",
    title="Dutch citizen service number",
    gate=DIGITS,
    least=8,
    loose=number(r"\d{8,9}|\d{4}[. ]\d{2}[. ]\d{3}|\d{3}[. ]\d{3}[. ]\d{3}"),
    context=about(r"bsn(?:-?nummer)?|burgerservice-?nummer|sofi-?nummer|citizen service number"),
    valid=_valid,
)
