"""[[alerts.no_data]]: a component that says nothing, or no longer says something, while it should.

What is expected is learnt from the windows that a run holds anyway. A stream is silent when its chain has
requests and it has none; it is missed when that lasts longer than `for`, and three times as long as it ever
did before. Of gaps that come at random, one longer than three times the longest of n earlier ones has the
chance 6 / ((n + 1) (n + 2) (n + 3)).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import pairwise
from typing import Protocol

from monitors.alerting.handling import windows_in
from monitors.alerting.rules.config import NoDataRule
from monitors.alerting.rules.made import made
from monitors.alerting.rules.series import Series
from monitors.alerting.words import field_words, span
from monitors.result import Result, ResultStatus, Window
from monitors.streams import Stream
from monitors.summaries import Sample

REQUESTS = "requests"
UNIT = "h"
# Every span has a status: where there is none, there is no span.
_SPANS = "status"
# What a component that has it goes on to have. Others, such as the kinds of its errors, come and go.
_EXPECTED = (
    "input_text",
    "output_text",
    "input_tokens",
    "output_tokens",
    "duration_s",
    "time_to_first_token_s",
    "cost_usd",
    "quality.*",
)
# Whoever rests one day a week shows it within six.
_HISTORY = timedelta(days=6)
_TIMES_LONGEST = 3


class Held(Protocol):
    """What a run remembers of which streams had rows when."""

    def known(self) -> list[Stream]:
        """Every stream that is remembered."""

    def by_start(self, stream: Stream) -> Mapping[datetime, Sample]:
        """Its samples by start of their window."""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """How long a stream has been silent, and how long that is all right; in windows."""

    windows: int
    allowed: int


def absence_results(
    rules: Sequence[NoDataRule],
    held: Held,
    window: Window,
    *,
    watched: Collection[tuple[str, str, str]],
    forget: timedelta,
) -> list[Result]:
    """What is missed at the end of `window`, and what of `watched` is there again.

    Args:
        watched: chain, component and field of alerts on silence that may still fire.
        forget: silence of this length is no news any more: the component is gone.
    """
    chains: dict[str, dict[str, list[Stream]]] = {}
    for stream in held.known():
        chains.setdefault(stream.chain, {}).setdefault(stream.component, []).append(stream)
    results = []
    for chain, components in chains.items():
        talk = _Talk(held, [Stream(chain, name, _SPANS) for name in components])
        for name, streams in components.items():
            spans = Stream(chain, name, _SPANS)
            subjects = [(REQUESTS, spans, talk)]
            if _spoke(held, spans, window.start):
                own = _Talk(held, [spans])
                subjects += [(s.field, s, own) for s in streams if _is_expected(s.field)]
            for field, stream, beside in subjects:
                is_watched = (chain, name, field) in watched
                rule = _rule(rules, stream, field)
                if _spoke(held, stream, window.start):
                    results += [_there(rule, stream, field, window)] if is_watched else []
                    continue
                silence = _silence(rule, held, stream, beside, window, soon=is_watched)
                if silence is not None:
                    results += _missed(rule, stream, field, window, silence, forget, is_watched=is_watched)
    return results


class _Talk:
    """When any of some streams had rows; put together only when somebody asks."""

    def __init__(self, held: Held, streams: Sequence[Stream]) -> None:
        self._held = held
        self._streams = streams

    def is_on(self, start: datetime) -> bool:
        """Whether one had rows in the window that starts then."""
        return any(_spoke(self._held, stream, start) for stream in self._streams)

    @cached_property
    def starts(self) -> set[datetime]:
        """Starts of all windows with rows."""
        return set[datetime]().union(*(_starts(self._held, stream) for stream in self._streams))


def _spoke(held: Held, stream: Stream, start: datetime) -> bool:
    sample = held.by_start(stream).get(start)
    return sample is not None and sample.n > 0


def _starts(held: Held, stream: Stream) -> set[datetime]:
    return {start for start, sample in held.by_start(stream).items() if sample.n}


def _is_expected(field: str) -> bool:
    return any(fnmatchcase(field, pattern) for pattern in _EXPECTED)


def _rule(rules: Sequence[NoDataRule], stream: Stream, field: str) -> NoDataRule:
    labels = {"chain": stream.chain, "component": stream.component, "field": field}
    return next(rule for rule in rules if rule.takes(labels))


def _silence(
    rule: NoDataRule, held: Held, stream: Stream, beside: _Talk, window: Window, *, soon: bool
) -> Silence | None:
    """How silent a stream without rows in `window` is; None where that says nothing.

    soon: also while it cannot be missed yet.
    """
    length = window.end - window.start
    needed = windows_in(rule.lasting, length)
    if rule.expected == "never":
        return None
    if not soon and any(_spoke(held, stream, window.start - back * length) for back in range(1, needed)):
        return None
    before = sorted(at for at in _starts(held, stream) if at < window.start)
    if not before:
        return None
    if rule.expected == "always":
        return Silence(windows=(window.start - before[-1]) // length, allowed=needed)
    if not beside.is_on(window.start) or before[-1] - before[0] < _HISTORY:
        return None
    # Only windows count in which somebody else spoke: nobody is missed at night when all are asleep.
    others = sorted(at for at in beside.starts - set(before) if before[0] < at <= window.start)
    *earlier, now = _gaps(before, others)
    longest = max(earlier, default=0)
    return Silence(windows=now, allowed=max(needed, _TIMES_LONGEST * (longest + 1)))


def _gaps(present: Sequence[datetime], others: Sequence[datetime]) -> list[int]:
    """How many of `others` lie after each of `present` and before the next.

    >>> day = [datetime(2026, 1, d) for d in range(1, 7)]
    >>> _gaps([day[0], day[2], day[3]], [day[1], day[4], day[5]])
    [1, 0, 2]
    """
    places = [bisect(others, at) for at in present] + [len(others)]
    return [after - before for before, after in pairwise(places)]


def _missed(
    rule: NoDataRule,
    stream: Stream,
    field: str,
    window: Window,
    silence: Silence,
    forget: timedelta,
    *,
    is_watched: bool,
) -> list[Result]:
    length = window.end - window.start
    is_missed = silence.windows >= silence.allowed
    lasted, allowed = silence.windows * length, silence.allowed * length
    if lasted >= max(forget, allowed) or not (is_missed or is_watched):
        return []
    end = f"{span(allowed)} are missed" if is_missed else f"not missed before {span(allowed)}"
    reason = f"no {field_words(field)} for {span(lasted)}; {end}"
    return [_result(rule, stream, field, window, "breach" if is_missed else "ok", reason, lasted, allowed)]


def _there(rule: NoDataRule, stream: Stream, field: str, window: Window) -> Result:
    reason = f"{field_words(field)} again"
    return _result(rule, stream, field, window, "ok", reason, timedelta(0), rule.lasting)


def _result(
    rule: NoDataRule,
    stream: Stream,
    field: str,
    window: Window,
    status: ResultStatus,
    reason: str,
    lasted: timedelta,
    allowed: timedelta,
) -> Result:
    return made(
        "no_data",
        rule.name,
        Series(chain=stream.chain, component=stream.component),
        field,
        window,
        concern="no_data",
        status=status,
        reason=reason,
        unit=UNIT,
        value=lasted / timedelta(hours=1),
        threshold=allowed / timedelta(hours=1),
        evidence={"scale_windows": max(1, round(lasted / (window.end - window.start)))},
    )
