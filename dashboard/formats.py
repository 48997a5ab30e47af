"""Numbers, durations, money and times as people read them. None is a dash: unknown, not zero."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, tzinfo
from typing import TypeGuard

from dashboard.text import visible

UNKNOWN = "\u2013"
_SPELLED = {
    "bert_score": "BERTScore",
    "bleu": "BLEU",
    "ndcg": "nDCG",
    "rouge_1": "ROUGE-1",
    "rouge_2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "token_f1": "Token F1",
}

# Who grades by rule, without being asked.
JUDGES = {"local": "local scorer", "reference": "against a known truth"}


def count(value: float | None) -> str:
    """A whole number, short from ten thousand on.

    >>> count(9_999), count(12_345), count(3_400_000), count(None) == UNKNOWN
    ('9,999', '12.3 k', '3.40 M', True)
    """
    if not _known(value):
        return UNKNOWN
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            scale = {"G": 1e9, "M": 1e6, "k": 1e3}[unit]
            return f"{_three(value / scale)} {unit}"
    return f"{value:,.0f}"


def number(value: float | None) -> str:
    """Three significant digits, without an exponent unless the number is tiny.

    >>> number(0.01172), number(412.2), number(0.0000042), number(0.0), number(1234.5)
    ('0.0117', '412', '4.2e-06', '0', '1,234')
    >>> number(math.nan) == UNKNOWN
    True
    """
    if not _known(value):
        return UNKNOWN
    if value == 0:
        return "0"
    if abs(value) < 1e-4:
        return f"{value:.2g}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def seconds(value: float | None) -> str:
    """A duration.

    >>> seconds(0.0421), seconds(1.94), seconds(75), seconds(7_260), seconds(None) == UNKNOWN
    ('42 ms', '1.94 s', '75.0 s', '2 h 1 min', True)
    """
    if not _known(value):
        return UNKNOWN
    if abs(value) < 1:
        return f"{value * 1000:.0f} ms" if abs(value) >= 0.001 or value == 0 else f"{value * 1000:.2g} ms"
    if abs(value) < 120:
        return f"{_three(value)} s"
    return span(timedelta(seconds=value))


def share(value: float | None) -> str:
    """A share of one, in percent.

    >>> share(0.0336), share(0.0), share(0.00041), share(1.0)
    ('3.4 %', '0 %', '0.04 %', '100 %')
    """
    if not _known(value):
        return UNKNOWN
    percent = value * 100
    if percent == 0 or percent >= 99.95:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent >= 0.1 else f"{percent:.2f} %"


def grade(value: float | None) -> str:
    """A grade or a figure of quality: two places, so that a column of them lines up.

    >>> grade(3.0), grade(2.5151), grade(None) == UNKNOWN
    ('3.00', '2.52', True)
    """
    return f"{value:.2f}" if _known(value) else UNKNOWN


def dollars(value: float | None) -> str:
    """US dollars; small amounts keep two significant digits.

    >>> dollars(17.5457), dollars(0.0021), dollars(0.0004), dollars(0.00002), dollars(None) == UNKNOWN
    ('$17.55', '$0.0021', '$0.00040', '$0.000020', True)
    >>> dollars(12_345.6), dollars(-0.00002)
    ('$12,346', '-$0.000020')
    """
    if not _known(value):
        return UNKNOWN
    if value < 0:
        return f"-{dollars(-value)}"
    if value and value < 0.01:
        # Never with an exponent: that is not how people count money.
        return f"${value:.{1 - math.floor(math.log10(value))}f}"
    return f"${value:,.0f}" if value >= 1000 else f"${value:.2f}"


def measured(value: float | None, unit: str | None) -> str:
    """A value in its unit: seconds, shares and dollars as people read them.

    >>> measured(0.24, "s"), measured(0.031, "share"), measured(0.0117, "MMD^2")
    ('240 ms', '3.1 %', '0.0117 MMD²')
    """
    if not _known(value):
        return UNKNOWN
    if unit in ("s", "seconds"):
        return seconds(value)
    if unit is not None and unit.startswith("share"):
        return share(value) + unit.removeprefix("share")
    if unit in ("usd", "USD", "$"):
        return dollars(value)
    if unit == "grade":
        return grade(value)
    return f"{number(value)} {(unit or '').replace('^2', '²')}".strip()


def bare(value: float | None, unit: str | None) -> str:
    """A value as `measured`, but without the name of a measure: for a column beside the name of the check.

    >>> bare(0.24, "s"), bare(0.031, "share of requests"), bare(0.0117, "MMD^2"), bare(None, "s") == UNKNOWN
    ('240 ms', '3.1 %', '0.0117', True)
    """
    if unit is not None and unit.startswith("share"):
        return share(value)
    return measured(value, unit if unit in ("s", "USD", "grade") else None)


def effect(value: float | None, unit: str | None) -> str:
    """How much changed, in the words that the check gives.

    >>> effect(2.214, "times the expected p95"), effect(0.18, "share of new content")
    ('2.21 times the expected p95', '18.0 % of new content')
    """
    return measured(value, unit)


def pretty_unit(unit: str | None) -> str:
    """A unit for an axis: superscripts instead of carets."""
    words = {"s": "seconds", "USD": "US dollars"}
    return words.get(unit or "", (unit or "").replace("^2", "²"))


def probability(value: float | None) -> str:
    """A p-value in words.

    >>> probability(0.0000012), probability(0.04), probability(None)
    ('p < 0.001', 'p = 0.040', 'no p-value')
    """
    if not _known(value):
        return "no p-value"
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def relative(now: float | None, before: float | None) -> str | None:
    """A change against before, in percent with its sign; None when there is nothing to compare.

    >>> relative(1.2, 1.0), relative(0.5, 1.0), relative(1.0, None), relative(1.0, 0)
    ('+20 %', '-50 %', None, None)
    """
    if now is None or not before:
        return None
    change = (now - before) / before * 100
    return None if abs(change) < 0.5 else f"{change:+.0f} %"


def criterion(name: str) -> str:
    """A criterion or figure of quality as people write it.

    >>> criterion("retrieval_relevance"), criterion("rouge_l"), criterion("ndcg_at_5")
    ('Retrieval relevance', 'ROUGE-L', 'nDCG at 5')
    """
    family, at, depth = name.partition("_at_")
    word = _SPELLED.get(name) or _SPELLED.get(family, family.replace("_", " ").capitalize())
    return word if name in _SPELLED or not at else f"{word} at {depth.replace('_', ' ')}"


def span(value: timedelta) -> str:
    """A length of time in its two largest units.

    >>> span(timedelta(minutes=125)), span(timedelta(days=3, hours=4)), span(timedelta(seconds=20))
    ('2 h 5 min', '3 d 4 h', '20 s')
    """
    total = int(abs(value).total_seconds())
    if total < 60:
        return f"{total} s"
    for large, small in (((86_400, "d"), (3_600, "h")), ((3_600, "h"), (60, "min"))):
        if total >= large[0]:
            first, rest = divmod(total, large[0])
            second = rest // small[0]
            return f"{first} {large[1]} {second} {small[1]}" if second else f"{first} {large[1]}"
    return f"{total // 60} min"


def ago(moment: datetime, now: datetime) -> str:
    """How long before `now`.

    >>> from datetime import UTC
    >>> ago(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 0, 20, tzinfo=UTC))
    '20 min ago'
    """
    gap = now - moment
    return "just now" if gap < timedelta(seconds=45) else f"{span(gap)} ago"


def when(moment: datetime | None, zone: tzinfo, *, year: bool = False) -> str:
    """A moment in the viewer's zone.

    >>> from datetime import UTC
    >>> when(datetime(2026, 3, 5, 4, 48, tzinfo=UTC), UTC)
    'Thu 5 Mar 04:48'
    """
    if moment is None:
        return UNKNOWN
    local = moment.astimezone(zone)
    date = f"{local:%a} {local.day} {local:%b}"
    return f"{date} {local.year} {local:%H:%M}" if year else f"{date} {local:%H:%M}"


def clip(text: str | None, length: int) -> str:
    """The text on one line, cut at `length` characters, without what hides or turns round its letters.

    >>> clip("a  long\\nline of text", 12), clip(None, 5), clip("a\\u202eb", 5)
    ('a long line…', '', 'a�b')
    """
    flat = " ".join(visible(text or "").split())
    return flat if len(flat) <= length else flat[: length - 1].rstrip() + "…"


def _known(value: float | None) -> TypeGuard[float]:
    """Neither missing nor "not a number"."""
    return value is not None and math.isfinite(value)


def _three(value: float) -> str:
    """Three significant digits, trailing zeros kept."""
    size = abs(value)
    return f"{value:.2f}" if size < 10 else f"{value:.1f}" if size < 100 else f"{value:.0f}"
