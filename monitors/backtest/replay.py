"""History through the evaluator and the alert book of a live run, on an overlay of the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from collectors.config import Config
from collectors.errors import ConfigError
from collectors.home import Home
from collectors.warehouse.connection import Connection
from collectors.warehouse.overlay import HISTORY, Overlay
from collectors.warehouse.store import fetch
from monitors.backtest.begin import begin
from monitors.backtest.outbox import Outbox
from monitors.checks import CHECKS
from monitors.checks.base import Check
from monitors.config import MonitorsConfig, WindowsConfig
from monitors.embedding.encoder import Say
from monitors.fit_cache import FitCache
from monitors.plan import settings_of, wanted
from monitors.result import Window
from monitors.run_batch import Batches
from monitors.run_log import RunLog, Totals
from monitors.run_machine import Machine
from monitors.run_settings import RunSettings
from monitors.run_state import RunState, read_state
from monitors.window import days, horizon, window_of

RUN_ID = "backtest"
# The kinds of rules of [alerts] that make results of their own.
_RULES = ("threshold", "slo", "no_data", "did_not_run")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is replayed.

    Attributes:
        config: the candidate. start, end: windows that lie between them, in UTC.
        monitors: patterns of names of monitors, checks or kinds of rules; empty is all.
    """

    config: Config
    start: datetime
    end: datetime
    monitors: tuple[str, ...] = ()
    seed: int = 0

    def asks_for(self, monitor: str) -> bool:
        """Whether a pattern names the monitor, its check, or the kind of its rule."""
        check = monitor.partition("/")[0]
        names = (monitor, check, check.partition("(")[0])
        return not self.monitors or any(fnmatchcase(n, p) for p in self.monitors for n in names)


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What a replay did; its decisions are in the overlay.

    Attributes:
        windows: that were evaluated. low: references reach back to there.
        evaluated: names of the monitors.
        lost: windows from `low` on that held more spans when a live run evaluated them.
    """

    windows: tuple[Window, ...]
    low: datetime
    evaluated: tuple[str, ...]
    totals: Totals
    lost: int


def replay(
    overlay: Overlay,
    question: Question,
    home: Home,
    *,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    say: Say | None = None,
) -> Replayed:
    """Decide on the windows of `question` again; `overlay` must be prepared, and is where it is written to.

    It begins as an installation would that knew the versions, deploys and breaches of before `start` and in
    which nothing fired. Nothing of `home` is written but the encoder, where it is not there yet.
    """
    settings = RunSettings.of(question.config)
    windows, monitors = settings.windows, settings.monitors
    checks = _checks(question, monitors)
    scales = max((settings_of(c, monitors).scales[-1] for c in checks), default=1)
    first = window_of(question.start, windows.length)
    if first.start < question.start:
        first = window_of(first.end, windows.length)
    low = horizon(first, windows, scales=scales)
    now = min(question.end + windows.grace, clock())
    begin(overlay, low=low, start=first.start, end=question.end)
    with overlay.read() as con:
        state = read_state(
            con,
            windows=windows,
            alerts=settings.alerts,
            now=now,
            since=first.start,
            scales=scales,
            sketches=any(getattr(check, "from_sketches", False) for check in checks),
        )
        lost = _lost(con, state, low, now, windows)
    if not len(state.pending):
        return Replayed(windows=(), low=low, evaluated=(), totals=Totals(), lost=lost)
    seen: set[str] = set()

    def only(monitor: str) -> bool:
        asked = question.asks_for(monitor)
        if asked:
            seen.add(monitor)
        return asked

    batches = _batches(
        overlay, question, home, state, settings=settings, checks=checks, now=now, only=only, say=say
    )
    done, total = 0, len(state.pending) + len(state.warm)
    for batch in days(state.warm):
        batches.warm_up(batch)
        done += len(batch)
        if progress is not None:
            progress(done, total)
    for batch in days(state.pending.all):
        batches.run(batch)
        done += len(batch)
        if progress is not None:
            progress(done, total)
    if not seen and not any(question.asks_for(rule) for rule in _RULES):
        names = ", ".join(check.name for check in checks)
        raise ConfigError(
            f"--monitor {' '.join(question.monitors)}: no monitor of that name; choose a check ({names}) or "
            "a pattern of check/chain/component/field/reference, as in 'latency/*'"
        )
    return Replayed(
        windows=tuple(state.pending.all),
        low=low,
        evaluated=tuple(sorted(seen)),
        totals=batches.totals,
        lost=lost,
    )


def _batches(
    overlay: Overlay,
    question: Question,
    home: Home,
    state: RunState,
    *,
    settings: RunSettings,
    checks: list[Check],
    now: datetime,
    only: Callable[[str], bool],
    say: Say | None,
) -> Batches:
    """The machine of a live run over the overlay."""
    config = question.config
    machine = Machine.open(
        overlay,
        config,
        home,
        settings=settings,
        checks=checks,
        log=RunLog(run_id=RUN_ID, started_at=now, now=now, seed=question.seed, config_hash=config.hash),
        say=say,
    )
    outbox = Outbox(
        overlay, settings.notify, grace=settings.windows.grace, dashboard_url=settings.dashboard_url
    )
    # What is learnt of the past is of no use to a live run.
    fits = FitCache(None)
    return Batches(
        machine.tools(sets=state.sets, fits=fits, flush=outbox.flush, stepped=outbox.stepped, only=only),
        state,
    )


def _checks(question: Question, monitors: MonitorsConfig) -> list[Check]:
    """The checks of the candidate; ConfigError for a pattern that names one that is off or unknown."""
    checks = wanted((check for _, check in CHECKS.all()), monitors)
    on = {check.name for check in checks}
    for pattern in question.monitors:
        name = pattern.partition("/")[0]
        if any(fnmatchcase(known, name) for known in (*on, *_RULES)) or not name.isidentifier():
            continue
        if name in CHECKS.names():
            raise ConfigError(
                f"--monitor {pattern}: the check {name} is off in this configuration; "
                f"add --set monitors.{name}.enabled=true"
            )
        raise ConfigError(
            f"--monitor {pattern}: unknown check {name!r}; choose one of: {', '.join((*sorted(on), *_RULES))}"
        )
    return checks


def _lost(con: Connection, state: RunState, low: datetime, now: datetime, windows: WindowsConfig) -> int:
    """Windows that held more spans when a live run evaluated them than they hold now."""
    then = fetch(
        con,
        f"SELECT window_start, spans FROM {HISTORY}.main.evaluated_windows "  # noqa: S608
        "WHERE window_start >= $low AND window_end <= $now AND window_end - window_start = $length",
        {"low": low, "now": now, "length": windows.length},
    )
    return sum(state.counts.get(row["window_start"], 0) < row["spans"] for row in then)
