"""Swedish personal and coordination numbers: date of birth and Luhn's check digit."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_birthday, luhn
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    short = digits[-10:]
    day = int(short[4:6])
    # Coordination numbers have 60 added to the day.
    birthday = f"{short[:4]}{day - 60 if day > 60 else day:02d}"
    return is_birthday(birthday) and luhn(short)


DETECTOR = Shaped(
    tag="SE_PERSONNUMMER",
    title="Swedish personal number",
    gate=DIGITS,
    least=10,
    shape=number(r"(?:19|20)?\d{6}[-+]\d{4}"),
    loose=number(r"(?:19|20)?\d{10}"),
    context=about(r"person-?n(?:umme)?r|samordningsn(?:umme)?r|personal (?:identity )?number"),
    valid=_valid,
)
