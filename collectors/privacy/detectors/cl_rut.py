"""Chilean RUT: check digit modulo 11, where 10 is K."""

from __future__ import annotations

from collectors.privacy.detectors._checksums import weighted
from collectors.privacy.detectors.base import DIGITS, Shaped, about, number


def _valid(rut: str) -> bool:
    body = rut[:-1][::-1]
    check = -weighted(body, (2, 3, 4, 5, 6, 7, 2, 3)) % 11
    return "0123456789K"[check] == rut[-1]


DETECTOR = Shaped(
    tag="CL_RUT",
    title="Chilean RUT",
    gate=DIGITS,
    least=7,
    margin=2,
    shape=number(r"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]"),
    loose=number(r"[0-9]{7,8}-[0-9Kk]"),
    context=about(r"rut|run|rol [uú]nico"),
    valid=_valid,
)
