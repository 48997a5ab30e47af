"""French social security numbers (NIR): month, department and a key modulo 97."""

from __future__ import annotations

from collectors.privacy.detectors.base import DIGITS, Shaped, number

_FORM = r"[1-478] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}"


def _valid(nir: str) -> bool:
    body, key = nir[:13], int(nir[13:])
    # Corsica: 2A counts as 19, 2B as 18.
    return 97 - int(body.replace("2A", "19").replace("2B", "18")) % 97 == key


DETECTOR = Shaped(
    tag="FR_NIR",
    title="French social security number",
    gate=DIGITS,
    least=8,
    margin=12,
    shape=number(_FORM),
    valid=_valid,
)
