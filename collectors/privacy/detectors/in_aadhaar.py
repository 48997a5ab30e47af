"""Indian Aadhaar numbers: Verhoeff's check digit, never beginning with 0 or 1."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import verhoeff
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number

DETECTOR = Shaped(
    tag="IN_AADHAAR",
    title="Indian Aadhaar number",
    gate=DIGITS,
    least=12,
    loose=number(r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}"),
    context=about(r"aadh?aar|uidai|uid"),
    valid=verhoeff,
)
