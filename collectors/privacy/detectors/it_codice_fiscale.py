"""Italian tax codes (codice fiscale, D.M. 23/12/1976): month, day and check letter."""

from __future__ import annotations

from collectors.privacy.detectors.base import CODES, Shaped, code

# Values of the characters that stand at odd places; at even places they count as they are.
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
# Letters may stand for digits where two people would share a code.
_DIGIT = "[0-9LMNP-V]"


def _valid(found: str) -> bool:
    total = 0
    for place, character in enumerate(found[:15]):
        value = int(character) if character.isdigit() else ord(character) - ord("A")
        total += value if place % 2 else _ODD[value]
    return chr(ord("A") + total % 26) == found[15]


DETECTOR = Shaped(
    tag="IT_CODICE_FISCALE",
    title="Italian tax code",
    gate=CODES,
    shape=code(
        rf"[A-Z]{{6}}{_DIGIT}{{2}}[ABCDEHLMPRST]{_DIGIT}{{2}}[A-Z]{_DIGIT}{{3}}[A-Z]", ignore_case=True
    ),
    valid=_valid,
)
