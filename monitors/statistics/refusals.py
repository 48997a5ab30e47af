"""Whether an answer is a refusal: phrases of refusing, by language, in the opening of the answer."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

_PHRASES = Path(__file__).with_name("refusals.toml")
# Assistants refuse at once; what is said further down is advice ("if you cannot give them water, ...").
_OPENING = 220
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u02bc": "'", "`": "'"})


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Every phrase of every language; what language an answer is in need not be known."""
    phrases = tomllib.loads(_PHRASES.read_text("utf-8"))
    return re.compile("|".join(f"(?:{p})" for some in phrases.values() for p in some), re.DOTALL)


def is_refusal(text: str) -> bool:
    """Whether the answer refuses, in English, Spanish, German, French, Portuguese, Italian, Dutch, Polish,
    Russian, Chinese, Japanese or Korean.

    What: a share to watch over time, not a verdict on one answer. When not: languages that are not named;
    refusals without a phrase of refusing ("Please talk to a doctor."); partial refusals, which begin with one
    and then help, count as refusals. The measured agreement with people is in docs/checks/refusal_rate.md.

    >>> is_refusal("I'm sorry, but I can't help with that."), is_refusal("You can't park there on Sundays.")
    (True, False)
    """
    return _pattern().search(text[:_OPENING].lower().translate(_APOSTROPHES)) is not None
