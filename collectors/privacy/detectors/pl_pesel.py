"""Polish PESEL: date of birth, with the century in the month, and a check digit."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_date, weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number

_CENTURY = {0: 1900, 1: 2000, 2: 2100, 3: 2200, 4: 1800}


def _valid(digits: str) -> bool:
    month = int(digits[2:4])
    year = _CENTURY[month // 20] + int(digits[:2])
    return is_date(year, month % 20, int(digits[4:6])) and -weighted(
        digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    ) % 10 == int(digits[10])


DETECTOR = Shaped(
    tag="PL_PESEL",
    title="Polish PESEL",
    gate=DIGITS,
    least=11,
    loose=number(r"\d{11}"),
    context=about(r"pesel\w{0,3}"),
    valid=_valid,
)
