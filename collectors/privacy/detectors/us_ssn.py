"""US social security numbers: no check digit, but areas, groups and serials that are never given out."""

from __future__ import annotations

from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


DETECTOR = Shaped(
    tag="US_SSN",
    title="US social security number",
    gate=DIGITS,
    shape=number(r"\d{3}-\d{2}-\d{4}"),
    loose=number(r"\d{3}([ .]?)\d{2}\1\d{4}"),
    context=about(r"ssns?|social security(?: (?:number|no|#))?|soc(?:ial)? sec"),
    valid=_valid,
)
