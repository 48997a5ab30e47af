"""Argentine CUIT and CUIL: type, document number and check digit modulo 11."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    check = -weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    # Ten has no digit of its own, and is written 9.
    return min(check, 9) == int(digits[10])


DETECTOR = Shaped(
    tag="AR_CUIT",
    title="Argentine CUIT or CUIL",
    gate=DIGITS,
    least=11,
    shape=number(r"2[03-7]-\d{8}-\d"),
    loose=number(r"2[03-7] ?\d{8} ?\d"),
    context=about(r"cui[tl]"),
    valid=_valid,
)
