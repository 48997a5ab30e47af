"""Swiss social insurance numbers (AHV/AVS): 756 and the check digit of EAN-13."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, number


def _valid(digits: str) -> bool:
    return -weighted(digits, (1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3)) % 10 == int(digits[12])


DETECTOR = Shaped(
    tag="CH_AHV",
    title="Swiss social insurance number",
    gate=DIGITS,
    least=13,
    shape=number(r"756([. ]?)\d{4}\1\d{4}\1\d{2}"),
    valid=_valid,
)
