"""Finnish personal identity codes: date of birth, century sign and check character (modulo 31)."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import is_birthday
from collectors.privacy.detectors.base import Shaped, number

_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def _valid(hetu: str) -> bool:
    # The sign - or + was taken out with the other separators; a letter was not.
    digits = hetu[:6] + hetu[-4:-1]
    return is_birthday(digits[4:6] + digits[2:4] + digits[:2]) and _CHECK[int(digits) % 31] == hetu[-1]


DETECTOR = Shaped(
    tag="FI_HETU",
    title="Finnish personal identity code",
    gate=r"[0-9]{6}[-+A-FU-Y][0-9]{3}",
    shape=number(r"[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]"),
    valid=_valid,
)
