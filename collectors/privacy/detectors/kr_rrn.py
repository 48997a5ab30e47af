"""Korean resident registration numbers: date of birth, sex and century; no check digit since 2020."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_date
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number

_CENTURY = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}


def _valid(digits: str) -> bool:
    year = _CENTURY.get(digits[6], 2000) + int(digits[:2])
    return is_date(year, int(digits[2:4]), int(digits[4:6]))


DETECTOR = Shaped(
    tag="KR_RRN",
    title="Korean resident registration number",
    gate=DIGITS,
    least=13,
    shape=number(r"\d{6}-\d{7}"),
    loose=number(r"\d{6} ?\d{7}"),
    context=about(r"rrn|resident registration(?: number)?|주민등록번호|주민번호"),
    valid=_valid,
)
