"""Brazilian taxpayer numbers (CPF): two check digits modulo 11."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(digits: str) -> bool:
    first = -weighted(digits, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    second = -weighted(digits, (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    right = (first % 10, second % 10) == (int(digits[9]), int(digits[10]))
    # The same digit eleven times passes, and is never given out.
    return right and len(set(digits)) > 1


DETECTOR = Shaped(
    tag="BR_CPF",
    title="Brazilian CPF",
    gate=DIGITS,
    least=11,
    shape=number(r"\d{3}\.\d{3}\.\d{3}-\d{2}"),
    loose=number(r"\d{3}[. ]?\d{3}[. ]?\d{3}[- ]?\d{2}"),
    context=about(r"cpf(?:/mf)?|cadastro de pessoas? f[ií]sicas?"),
    valid=_valid,
)
