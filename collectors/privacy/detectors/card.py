"""Payment card numbers: issuer prefix, the issuer's lengths, and Luhn's check digit (ISO/IEC 7812)."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import luhn
from collectors.privacy.detectors.base import DIGITS, Shaped, number

# First and last prefix, and the lengths that the network gives out under it.
_ISSUERS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("6011", "6011", (16, 17, 18, 19)),  # Discover
    ("644", "659", (16, 17, 18, 19)),
    ("300", "305", (14, 15, 16, 17, 18, 19)),  # Diners Club
    ("3095", "3095", (14, 15, 16, 17, 18, 19)),
    ("36", "36", (14, 15, 16, 17, 18, 19)),
    ("38", "39", (14, 15, 16, 17, 18, 19)),
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("1800", "1800", (15,)),  # as it was until the nineties
    ("2131", "2131", (15,)),
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("81", "81", (16, 17, 18, 19)),
    ("2200", "2204", (16, 17, 18, 19)),  # Mir
    ("5018", "5018", (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro
    ("5020", "5020", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5038", "5038", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5893", "5893", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6304", "6304", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6759", "6763", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("508", "508", (16,)),  # RuPay
    ("82", "82", (16,)),
    ("9792", "9792", (16,)),  # Troy
)


def _issued(digits: str) -> bool:
    return any(
        low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in _ISSUERS
    )


def _valid(digits: str) -> bool:
    return _issued(digits) and luhn(digits)


DETECTOR = Shaped(
    tag="CARD",
    title="payment card number",
    gate=DIGITS,
    least=12,
    # In one piece, or in the groups that are printed on cards, with one separator throughout.
    shape=number(
        r"[1-9]\d{11,18}|\d{4}([ .\-\u00a0])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?"
        r"|3\d{3}([ .\-\u00a0])\d{6}\2\d{4,5}"
    ),
    valid=_valid,
    rank=12,
)
