"""Spanish identity numbers: DNI and NIE, with their check letter (modulo 23)."""

from __future__ import annotations

from collectors.privacy.detectors.base import DIGITS, Shaped, about, code

_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def _valid(dni: str) -> bool:
    body = dni[:-1].translate(str.maketrans("XYZ", "012"))
    return _LETTERS[int(body) % 23] == dni[-1]


DETECTOR = Shaped(
    tag="ES_DNI",
    title="Spanish DNI or NIE",
    gate=DIGITS,
    least=7,
    margin=3,
    shape=code(r"(?:[0-9]{8}|[0-9]{2}\.[0-9]{3}\.[0-9]{3}|[XYZ]-?[0-9]{7})-?[A-HJ-NP-TV-Z]"),
    loose=code(
        r"(?:[0-9]{8}|[0-9]{2}\.[0-9]{3}\.[0-9]{3}|[XYZ][ -]?[0-9]{7})[ -]?[A-HJ-NP-TV-Z]", ignore_case=True
    ),
    context=about(r"dni|nie|nif|documento nacional(?: de identidad)?|documento de identidad"),
    valid=_valid,
)
