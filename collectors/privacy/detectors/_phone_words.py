"""Words beside which a number is one to call, and words beside which it is something else."""

from __future__ import annotations

import re

_PHONE = (
    r"(?:tele)?phone(?: ?(?:no|number|#))?s?|tel|mobile|cell(?:phone)?|landline|fax|whats ?app|hotline"
    r"|call(?:ing)? (?:me|us|him|her|them) (?:at|on)"
    r"|tel[eé]fonos?|telefon[eo]|telefon(?:nummer)?|t[eé]l(?:[eé]phone)?|m[oó]vil|celular|cellulare"
    r"|handynummer|mobilnummer|rufnummer|telefoon(?:nummer)?|puhelin(?:numero)?|telefonnumme?r|тел|телефон"
)
# Languages that put no space between words.
PHONE = re.compile(rf"(?<![^\W_])(?:{_PHONE})(?![^\W_])|电话|手机|電話|携帯|전화", re.IGNORECASE)
REACH = re.compile(
    r"(?<![^\W_])(?:calls?|called|ring|dial|dialed|text|sms|contact|reach|reached|phoned|ph|mob|number is"
    r"|my number)(?![^\W_])",
    re.IGNORECASE,
)
OTHER = re.compile(
    r"order|account|acct|ref|ticket|case|invoice|track|imei|serial|model|version|card|\bid\b|code|policy"
    r"|contract|licen[cs]e|passport|member|customer|patient|sim|iccid|puk|insurance|tax|nhs|medicare|bank|price|amount|isbn|date",
    re.IGNORECASE,
)


def last(words: re.Pattern[str], near: str) -> int:
    """Where the last of the words begins; -1 without any."""
    return max((match.start() for match in words.finditer(near)), default=-1)
