"""Danish CPR numbers: a date of birth; the check digit is no longer kept, so the context must name it."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_birthday
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    return is_birthday(digits[4:6] + digits[2:4] + digits[:2])


DETECTOR = Shaped(
    tag="DK_CPR",
    title="Danish CPR number",
    gate=DIGITS,
    least=10,
    loose=number(r"\d{6}[- ]?\d{4}"),
    context=about(r"cpr(?:-?n(?:umme)?r)?|personnummer"),
    valid=_valid,
)
