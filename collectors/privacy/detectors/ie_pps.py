"""Irish personal public service numbers: check letter modulo 23."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, code

_LETTERS = "WABCDEFGHIJKLMNOPQRSTUV"


def _valid(pps: str) -> bool:
    extra = _LETTERS.find(pps[8]) if len(pps) == 9 else 0
    return _LETTERS[(weighted(pps[:7], (8, 7, 6, 5, 4, 3, 2)) + 9 * max(extra, 0)) % 23] == pps[7]


DETECTOR = Shaped(
    tag="IE_PPS",
    title="Irish PPS number",
    gate=DIGITS,
    least=7,
    margin=4,
    loose=code(r"[0-9]{7} ?[A-W][A-IW]?", ignore_case=True),
    context=about(r"pps(?:n|no)?(?: number)?|personal public service"),
    valid=_valid,
)
