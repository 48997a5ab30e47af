"""German tax ids (Steuer-IdNr., section 139b AO): ISO 7064 MOD 11,10, and how digits may repeat."""

from __future__ import annotations

from collections import Counter

from collectors.privacy.detectors._checksums import mod11_10
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    # Of the first ten digits one occurs twice or three times, and no other more than once.
    counts = sorted(Counter(digits[:10]).values(), reverse=True)
    return digits[0] != "0" and counts[0] in (2, 3) and counts[1] == 1 and mod11_10(digits)


DETECTOR = Shaped(
    tag="DE_STEUER_ID",
    title="German tax id",
    gate=DIGITS,
    least=11,
    shape=number(r"\d{2} \d{3} \d{3} \d{3}"),
    loose=number(r"\d{11}|\d{2}[ /]?\d{3}[ /]?\d{3}[ /]?\d{3}"),
    context=about(
        r"steuer(?:liche)?-? ?(?:id|identifikations?-?(?:nr|nummer))(?:nr|nummer|-nr|-nummer)?"
        r"|steuernummer|id-?nr|tax id|tin"
    ),
    valid=_valid,
)
