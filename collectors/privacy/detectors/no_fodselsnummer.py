"""Norwegian birth numbers: date of birth and two check digits (modulo 11)."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_birthday, weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, number


def _valid(digits: str) -> bool:
    day = int(digits[:2])
    birthday = f"{digits[4:6]}{digits[2:4]}{day - 40 if day > 40 else day:02d}"
    first = -weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    second = -weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return is_birthday(birthday) and (first, second) == (int(digits[9]), int(digits[10]))


DETECTOR = Shaped(
    tag="NO_FODSELSNUMMER",
    title="Norwegian birth number",
    gate=DIGITS,
    least=11,
    shape=number(r"\d{6} ?\d{5}"),
    valid=_valid,
)
