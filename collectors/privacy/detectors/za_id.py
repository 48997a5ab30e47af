"""South African identity numbers: date of birth, citizenship and Luhn's check digit."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_birthday, luhn
from collectors.privacy.detectors.base import DIGITS, Shaped, number


def _valid(digits: str) -> bool:
    return is_birthday(digits[:6]) and luhn(digits)


DETECTOR = Shaped(
    tag="ZA_ID",
    title="South African identity number",
    gate=DIGITS,
    least=13,
    shape=number(r"\d{6} ?\d{4} ?[012][89]\d"),
    valid=_valid,
)
