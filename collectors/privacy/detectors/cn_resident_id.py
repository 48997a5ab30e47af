"""Chinese resident identity numbers (GB 11643): date of birth and ISO 7064 MOD 11-2."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_date, weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, number

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _valid(found: str) -> bool:
    return (
        is_date(int(found[6:10]), int(found[10:12]), int(found[12:14]))
        and "10X98765432"[weighted(found, _WEIGHTS) % 11] == found[17]
    )


DETECTOR = Shaped(
    tag="CN_RESIDENT_ID",
    title="Chinese resident identity number",
    gate=DIGITS,
    least=17,
    margin=1,
    shape=number(r"[1-8]\d{5}(?:18|19|20)\d{9}[\dXx]"),
    valid=_valid,
    rank=11,
)
