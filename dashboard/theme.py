"""One colour means one thing, everywhere, in light and in dark. Never colour alone: a symbol and a word too.

The hues are those of Okabe and Ito (Color Universal Design, 2008), which people with the common kinds of
colour blindness can tell apart; each has at least 3:1 against both backgrounds, except the deploy mark,
which always has its label beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OK = "#009E73"
BREACH = "#D55E00"
NO_DATA = "#8A8F98"
ERROR = "#CC79A7"
CURRENT = "#2684C4"
REFERENCE = "#56B4E9"
DEPLOY = "#E69F00"
# Second and third lines beside the current one in the same chart are its lighter relatives.
CURRENT_2 = "#6FB1DF"
CURRENT_3 = "#A9D2EE"
QUIET = "rgba(138,143,152,0.25)"


@dataclass(frozen=True, kw_only=True)
class Look:
    """How one state is shown: colour, name of the badge colour, icon, symbol, word."""

    colour: str
    badge: str
    icon: str
    symbol: str
    word: str


HEALTH: Mapping[str, Look] = {
    "ok": Look(colour=OK, badge="green", icon=":material/check_circle:", symbol="✓", word="OK"),
    "breach": Look(colour=BREACH, badge="red", icon=":material/warning:", symbol="▲", word="Alert"),
    "no_data": Look(colour=NO_DATA, badge="gray", icon=":material/hide_source:", symbol="○", word="No data"),
    "error": Look(colour=ERROR, badge="violet", icon=":material/error:", symbol="✕", word="Error"),
}
RESULT_WORDS: Mapping[str, str] = {
    "ok": "✓ OK",
    "breach": "▲ Breach",
    "no_data": "○ No data",
    "error": "✕ Error",
}
INCIDENT: Mapping[str, Look] = {
    "open": Look(
        colour=BREACH, badge="red", icon=":material/local_fire_department:", symbol="▲", word="Open"
    ),
    "acknowledged": Look(
        colour=DEPLOY, badge="yellow", icon=":material/person_check:", symbol="◆", word="Acknowledged"
    ),
    "resolved": Look(colour=OK, badge="green", icon=":material/check_circle:", symbol="✓", word="Resolved"),
}
AGAINST: Mapping[str, str] = {
    "drift": "earlier production",
    "skew": "the evaluation set",
    "level": "a fixed objective",
}
CONCERN: Mapping[str, str] = {
    "input": "Inputs",
    "output": "Outputs",
    "latency": "Latency",
    "errors": "Errors",
    "cost": "Cost",
    "quality": "Quality",
    "no_data": "Silence",
    "monitoring": "Monitoring",
}


def faded(colour: str, alpha: float) -> str:
    """The colour `#RRGGBB` with an opacity, as CSS.

    >>> faded("#009E73", 0.2)
    'rgba(0,158,115,0.2)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
