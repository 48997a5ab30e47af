"""Aligned windows of time: which are complete, which of them are to be evaluated, and their references."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitors.config import WindowsConfig
from monitors.result import Window

# After the last span, silence is reported for this long; then time without spans is skipped.
SILENCE = timedelta(hours=24)


def day_of(at: datetime) -> datetime:
    """Midnight UTC of the day of `at`."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def window_of(at: datetime, length: timedelta) -> Window:
    """The aligned window that holds `at`. Windows count from midnight UTC.

    >>> window_of(datetime(2026, 3, 1, 10, 59, tzinfo=UTC), timedelta(hours=1)).start.isoformat()
    '2026-03-01T10:00:00+00:00'
    """
    midnight = day_of(at)
    start = midnight + (at - midnight) // length * length
    return Window(start=start, end=start + length)


def is_complete(window: Window, *, now: datetime, grace: timedelta) -> bool:
    """Whether every span of the window may be expected to have arrived."""
    return window.end + grace <= now


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What a run has to do, in order of time.

    Attributes:
        new: never evaluated.
        changed: evaluated, and to be evaluated again: what they hold or what they are compared with changed.
        late: starts of those that hold spans that came, or were completed, since they were evaluated.
    """

    new: tuple[Window, ...]
    changed: tuple[Window, ...]
    late: frozenset[datetime] = frozenset()

    def __len__(self) -> int:
        return len(self.new) + len(self.changed)

    @property
    def all(self) -> list[Window]:
        """Both kinds in time order."""
        return sorted([*self.new, *self.changed])


def pending_windows(
    counts: Mapping[datetime, int],
    evaluated: Mapping[datetime, int],
    *,
    config: WindowsConfig,
    now: datetime,
    since: datetime | None = None,
    completed: Collection[datetime] = (),
) -> Pending:
    """The windows that a run has to evaluate.

    A result depends on its window, on those shortly before it and on its reference: from the first window on
    that got late spans, every window is evaluated again, and the results are those of spans that came in
    time. What that costs follows how late they are. A window that lost spans (they were pruned, or a user's
    were deleted) keeps its results, and what lies before the first evaluated window is never begun with.

    Args:
        counts: production spans by start of window, as stored now; windows without spans may be missing.
        evaluated: spans by start of window, as they were when it was evaluated.
        since: evaluate the windows from here on again, and never begin before it.
        completed: starts of windows in which a span was completed since.

    Time without spans is never walked through: after the last span of a stretch, `SILENCE` is reported
    as no data, and the next window is the one that has spans again.
    """
    length = config.length
    watermark, earliest = max(evaluated, default=None), min(evaluated, default=None)
    new: list[Window] = []
    old: list[Window] = []
    late: set[datetime] = set()
    for start in _with_silence(counts, length):
        window = Window(start=start, end=start + length)
        if not is_complete(window, now=now, grace=config.grace):
            continue
        if since is not None and window.end <= since:
            continue
        if watermark is None or start > watermark:
            new.append(window)
            continue
        old.append(window)
        before, spans = evaluated.get(start, 0), counts.get(start, 0)
        if earliest is not None and start < earliest:
            continue
        if spans > before or (spans == before and start in completed):
            late.add(start)
    first = min(late, default=None)
    changed = [w for w in old if since is not None or (first is not None and w.start >= first)]
    return Pending(new=tuple(new), changed=tuple(changed), late=frozenset(late))


def _with_silence(counts: Mapping[datetime, int], length: timedelta) -> list[datetime]:
    """Starts of the windows with spans, and of the empty ones within `SILENCE` behind them."""
    starts: set[datetime] = set()
    for start, n in counts.items():
        if n:
            starts.update(start + k * length for k in range(SILENCE // length + 1))
    return sorted(starts)


def reference_period(window: Window, config: WindowsConfig) -> Window:
    """The earlier production that `window` is compared with; the same for a whole period of `refit`.

    >>> w = Window(start=datetime(2026, 3, 10, 5, tzinfo=UTC), end=datetime(2026, 3, 10, 6, tzinfo=UTC))
    >>> period = reference_period(w, WindowsConfig())
    >>> period.start.isoformat(), period.end.isoformat()
    ('2026-03-02T00:00:00+00:00', '2026-03-09T00:00:00+00:00')
    """
    end = window_of(window_of(window.start, config.refit).start - config.gap, config.length).start
    return Window(start=end - config.reference, end=end)


def horizon(window: Window, config: WindowsConfig, *, scales: int) -> datetime:
    """The earliest time of which a window's evaluation needs samples."""
    earliest_recent = window.end - scales * config.length
    return min(reference_period(window, config).start, earliest_recent)


def days(windows: Iterable[Window]) -> list[list[Window]]:
    """Windows grouped by UTC day, in time order: one batch of work each."""
    batches: dict[datetime, list[Window]] = {}
    for window in sorted(windows):
        batches.setdefault(day_of(window.start), []).append(window)
    return [batches[day] for day in sorted(batches)]
