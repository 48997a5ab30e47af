"""US individual taxpayer identification numbers: the IRS's range of groups."""

from __future__ import annotations

from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    group = int(digits[3:5])
    return digits[0] == "9" and (
        50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or 94 <= group <= 99
    )


DETECTOR = Shaped(
    tag="US_ITIN",
    title="US taxpayer identification number",
    gate=DIGITS,
    shape=number(r"9\d{2}-\d{2}-\d{4}"),
    loose=number(r"9\d{2} ?\d{2} ?\d{4}"),
    context=about(r"itin|tax(?:payer)? id(?:entification)?(?: number)?|tin"),
    valid=_valid,
)
