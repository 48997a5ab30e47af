"""Portuguese tax numbers (NIF): modulus 11."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    check = 11 - weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return digits[0] != "0" and (0 if check >= 10 else check) == int(digits[8])


DETECTOR = Shaped(
    tag="PT_NIF",
    title="Portuguese tax number",
    gate=DIGITS,
    loose=number(r"\d{9}|\d{3} \d{3} \d{3}"),
    context=about(r"nif|contribuinte|n[uú]mero fiscal"),
    valid=_valid,
)
