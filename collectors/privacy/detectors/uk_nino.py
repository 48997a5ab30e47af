"""UK national insurance numbers (HMRC manual NIM39110): letters that are used, no check digit."""

from __future__ import annotations

from collectors.privacy.detectors.base import CODES, Shaped, about, code

_NEVER = frozenset({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"})
_FORM = r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"


def _valid(nino: str) -> bool:
    return nino[:2] not in _NEVER


DETECTOR = Shaped(
    tag="UK_NINO",
    title="UK national insurance number",
    gate=CODES,
    shape=code(_FORM),
    loose=code(_FORM, ignore_case=True),
    context=about(r"ni(?:no)?|n\.i\.|national insurance(?: (?:number|no))?"),
    valid=_valid,
)
