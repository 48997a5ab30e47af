"""Words and figures for people: titles such as "Generator latency rose: p95 4.1 s against 1.9 s"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitors.alerting.alert import Alert
from monitors.streams import EVIDENTLY, QUALITY, SAFETY

_FIELDS: Mapping[str, str] = {
    "duration_s": "latency",
    "time_to_first_token_s": "time to first token",
    "status": "error rate",
    "cost_usd": "cost",
    "input_tokens": "input length",
    "output_tokens": "output length",
    "input_text": "input",
    "output_text": "output",
    "input_words": "words of the input",
    "output_words": "words of the output",
    "input_language": "languages of the input",
    "output_language": "languages of the output",
    "input_characters": "input length",
    "output_characters": "output length",
    "refusal": "refusals",
    "feedback.unhappy": "unhappy feedback",
    "feedback.retried": "questions asked again",
    "feedback.abandoned": "sessions left after a bad answer",
    "tool": "tools called",
    "finish_reason": "finish reasons",
    "error_type": "errors by type",
    "requests": "requests",
    "runs": "runs",
}
_UNITS: Mapping[str, str] = {
    "duration_s": "s",
    "time_to_first_token_s": "s",
    "status": "share",
    "cost_usd": "USD",
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "input_characters": "characters",
    "output_characters": "characters",
}
# The figure that people know first; whatever else the check gives comes after, but counts say nothing.
_FIGURES = ("p95", "error_rate", "rate", "share", "mean", "median", "p50")
_COUNTS = frozenset({"n", "rows", "texts", "requests", "errors", "count"})
_TEXTS = ("input_text", "output_text", "input_words", "output_words")


def field_words(field: str) -> str:
    """What a field is called in a sentence.

    >>> field_words("duration_s"), field_words("quality.groundedness")
    ('latency', 'groundedness')
    """
    for prefix in (QUALITY, SAFETY, EVIDENTLY):
        if field.startswith(prefix):
            return field.removeprefix(prefix).replace("_", " ")
    return _FIELDS.get(field, field.replace("_", " "))


def number(value: float, unit: str | None = None) -> str:
    """A number with three digits and its unit; shares as per cent.

    >>> number(4.1234, "s"), number(0.031, "share of rows"), number(0.00213, "USD"), number(412.7, "tokens")
    ('4.12 s', '3.1 % of rows', '$0.00213', '413 tokens')
    """
    if not math.isfinite(value):
        return "unknown"
    if unit is not None and (unit == "share" or unit.startswith("share of ")):
        return f"{_digits(value * 100)} %{unit.removeprefix('share')}"
    if unit == "USD":
        return f"${_digits(value)}"
    return f"{_digits(value)} {unit}" if unit else _digits(value)


def _digits(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:.3e}"


def figures(alert: Alert) -> tuple[str, float, float] | None:
    """Label, present figure and the one before, the best known that both sides have; None without."""
    now, before = alert.evidence.get("current"), alert.evidence.get("reference")
    if not isinstance(now, Mapping) or not isinstance(before, Mapping):
        return None
    labels = [*[f for f in _FIGURES if f in now], *sorted(set(map(str, now)) - _COUNTS)]
    for label in labels:
        one, other = _real(now.get(label)), _real(before.get(label))
        if one is not None and other is not None:
            return label, one, other
    return None


def _real(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def measured(alert: Alert) -> str:
    """The figures of an alert: "p95 4.12 s against 1.9 s", else the value and its threshold."""
    if alert.field in _TEXTS:
        return _new_content(alert) or against_threshold(alert.value, alert.threshold, alert.unit)
    pair = figures(alert)
    if pair is None:
        return against_threshold(alert.value, alert.threshold, alert.unit)
    label, now, before = pair
    unit = _UNITS.get(alert.field)
    name = label.replace("_", " ")
    text = f"{number(now, unit)} against {number(before, unit)}"
    return text if name == field_words(alert.field) else f"{name} {text}"


def _new_content(alert: Alert) -> str:
    """How much of what is said is new, where the check can say it: "about 34 % new content"."""
    effect = alert.evidence.get("effect")
    if not isinstance(effect, Mapping):
        return ""
    value, unit = _real(effect.get("value")), str(effect.get("unit") or "")
    if value is None or not unit.startswith("share of "):
        return ""
    return f"about {number(value, 'share')} {unit.removeprefix('share of ')}"


def against_threshold(value: float | None, threshold: float | None, unit: str | None) -> str:
    """ "0.21 against a threshold of 0.05 (cosine distance)"; empty without a value."""
    if value is None:
        return ""
    # Short units read as part of the number, names of measures do not.
    short = unit is not None and (unit in ("s", "USD", "tokens") or unit.split(" ")[0] == "share")
    inline = unit if short else None
    text = number(value, inline)
    if threshold is not None:
        text += f" against a threshold of {number(threshold, inline)}"
    return f"{text} ({unit})" if unit and inline is None else text


def direction(alert: Alert) -> str:
    """rose, fell or changed; of a rule what its threshold says."""
    if alert.reference_kind == "level" and alert.value is not None and alert.threshold is not None:
        return "is too high" if alert.value > alert.threshold else "is too low"
    pair = figures(alert)
    if pair is None or alert.field in _TEXTS or pair[1] == pair[2]:
        return "changed"
    return "rose" if pair[1] > pair[2] else "fell"


def title(component: str, cause: str, alert: Alert) -> str:
    """One line that names the component and what happened to it; at most 150 characters."""
    subject = component[:1].upper() + component[1:]
    if cause == "monitoring":
        return _fitting(f"{subject} did not run: {alert.reason}")
    if alert.concern == "no_data" and alert.component == component:
        return _fitting(f"{subject}: {alert.reason}")
    said = f"{field_words(alert.field)} {direction(alert)}"
    if alert.component != component:
        said = f"{cause} changed, seen at {alert.component}"
    figures_text = measured(alert)
    return _fitting(f"{subject} {said}" + (f": {figures_text}" if figures_text else ""))


def _fitting(text: str) -> str:
    return text if len(text) <= 150 else text[:149] + "…"


def explained(evidence: Mapping[str, Any]) -> str:
    """One line: what goes with most of the change, of an explanation's `explains`; empty where nothing does.

    >>> explained({"explains": [{"by": "language", "share": 0.8, "verdict": "explains"}]})
    'Explained by language: 80 %.'
    """
    entries = evidence.get("explains")
    for entry in entries if isinstance(entries, list) else ():
        share = _real(entry.get("share")) if isinstance(entry, Mapping) else None
        if share is not None and entry.get("verdict") == "explains":
            return f"Explained by {entry.get('by')}: {share * 100:.0f} %."
    return ""


def span(time: timedelta) -> str:
    """A stretch of time in the two units that matter.

    >>> span(timedelta(minutes=200)), span(timedelta(days=2, hours=3)), span(timedelta(seconds=40))
    ('3 h 20 min', '2 d 3 h', '40 s')
    """
    seconds = max(0, round(time.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def clock(time: datetime) -> str:
    """A time for text that cannot know the reader's zone: 2026-03-02 14:00 UTC."""
    return f"{time:%Y-%m-%d %H:%M} UTC"
