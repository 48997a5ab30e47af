"""Indian permanent account numbers (PAN): the fourth letter is the kind of holder; no public check digit."""

from __future__ import annotations

from collectors.privacy.detectors.base import CODES, Shaped, about, code


def _valid(pan: str) -> bool:
    return pan[5:9] != "0000"


DETECTOR = Shaped(
    tag="IN_PAN",
    title="Indian PAN",
    gate=CODES,
    loose=code(r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", ignore_case=True),
    context=about(r"pan(?: card)?|permanent account(?: number)?|income tax"),
    valid=_valid,
)
