"""Where traces that fit a filter are looked for: the newest part of a range that has enough of them.

The rollups tell how many spans of each stretch may fit: the newest stretches without any are not searched,
and a page far back is reached in one step. Where a text is they do not know: a part is searched, and more on
request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from collectors.rollups.read import MARKERS, Cut, Rolled
from collectors.rollups.refresh import OTHER
from collectors.warehouse.store import Row
from dashboard.data import TimeRange

if TYPE_CHECKING:
    from dashboard.data_traces import TraceFilter

_STEP, _HOUR = timedelta(hours=6), timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Spans of a chain that are searched at first, and how many times as many each time after.
_FIRST, _TIMES = 100_000, 4
# A trace may have several spans that fit.
_FITTING_A_TRACE = 4


def parts(
    rolled: Rolled, chain: str, span: TimeRange, wanted: TraceFilter, traces: int
) -> Iterator[tuple[datetime, datetime]]:
    """From when to when to search, each part longer than the one before and with all of it.

    The first has enough for so many traces, as far as can be known. None where no span of the range fits. A
    text that is the id of a trace is looked for where that trace is.
    """
    if not rolled.exists:
        yield span.start, span.end
        return
    if wanted.text and (seen := rolled.seen_in(wanted.text)):
        yield max(seen[0], span.start), min(seen[-1] + _HOUR, span.end)
        return
    origin = span.start - (span.start - _EPOCH) % _STEP
    cut = Cut(chain=chain, start=span.start, end=span.end, origin=origin, step_s=_STEP.total_seconds())
    spans: Counter[int] = Counter()
    fitting: Counter[int] = Counter()
    for (place, fits), found in rolled.counts(cut, lambda row: (row["place"], _may_fit(wanted, row))).items():
        spans[place] += found.spans
        if fits:
            fitting[place] += found.errors if wanted.status == "error" else found.spans
    newest = max((place for place, some in fitting.items() if some), default=None)
    if newest is None:
        return
    until = min(origin + (newest + 1) * _STEP, span.end)
    enough, most = _FITTING_A_TRACE * traces, _FIRST * _TIMES**wanted.further
    searched = there = 0
    for place in sorted((place for place in spans if place <= newest), reverse=True):
        searched, there = searched + spans[place], there + fitting[place]
        if searched >= most and there >= enough:
            start = max(origin + place * _STEP, span.start)
            yield start, until
            if wanted.text or start == span.start:
                return
            most = _TIMES * searched
    yield span.start, until


def _may_fit(wanted: TraceFilter, row: Row) -> bool:
    """Whether spans of a rolled-up set may fit; of sets that were made one nobody knows."""
    return (
        wanted.component in (None, row["component"])
        and (wanted.environment is None or row["environment"] in (wanted.environment, OTHER))
        and (wanted.version is None or not {wanted.version, OTHER}.isdisjoint(row[m] for m in MARKERS))
    )
