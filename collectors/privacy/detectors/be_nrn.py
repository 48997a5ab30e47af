"""Belgian national register numbers: date of birth and a key modulo 97."""

from __future__ import annotations

from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    body, key = digits[:9], int(digits[9:])
    month = int(digits[2:4])
    # From 2000 on a 2 is put before the nine digits. BIS numbers have 20 or 40 added to the month.
    return month % 20 <= 12 and month < 60 and key in (97 - int(body) % 97, 97 - int("2" + body) % 97)


DETECTOR = Shaped(
    tag="BE_NRN",
    title="Belgian national register number",
    gate=DIGITS,
    least=11,
    shape=number(r"\d{2}\.\d{2}\.\d{2}-\d{3}[.-]\d{2}"),
    loose=number(r"\d{11}|\d{6} \d{3} \d{2}"),
    context=about(
        r"nrn|rijksregister(?:nummer)?|registre national|num[eé]ro national|insz|niss"
        r"|national (?:register )?number"
    ),
    valid=_valid,
)
