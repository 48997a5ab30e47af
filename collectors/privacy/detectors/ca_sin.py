"""Canadian social insurance numbers: Luhn's check digit."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import luhn
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    return digits[0] != "8" and luhn(digits)


DETECTOR = Shaped(
    tag="CA_SIN",
    title="Canadian social insurance number",
    gate=DIGITS,
    loose=number(r"\d{3}([ -]?)\d{3}\1\d{3}"),
    context=about(r"sins?|social insurance(?: (?:number|no|#))?|nas|assurance sociale"),
    valid=_valid,
)
