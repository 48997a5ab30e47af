"""Turkish identity numbers (TC kimlik): two check digits."""

from __future__ import annotations

from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    values = [int(digit) for digit in digits]
    tenth = (sum(values[0:9:2]) * 7 - sum(values[1:8:2])) % 10
    return values[0] != 0 and (tenth, sum(values[:10]) % 10) == (values[9], values[10])


DETECTOR = Shaped(
    tag="TR_TCKN",
    title="Turkish identity number",
    gate=DIGITS,
    least=11,
    loose=number(r"\d{11}"),
    context=about(r"t\.?c\.?|kimlik(?: no| numaras\w)?|tckn"),
    valid=_valid,
)
