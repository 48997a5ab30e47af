"""The storing half of `chainwatch serve`: a child process that drains the spool every half second.

A process of its own, so that decoding takes no time from the receiver, and so that nothing that happens to it
keeps requests from being acknowledged. It ends when its parent does, by kill -9 too: the pipe closes.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.receiver_metrics import DrainState

if TYPE_CHECKING:
    from collectors.ingest_rules import RulesSpec
    from collectors.spool_batch import DrainSummary
    from collectors.spool_ingest import SpoolDrain
    from collectors.warehouse.connection import Warehouse

_STOP = "stop"
_PAUSE_PER_WORK = 2.0
_LONGEST_WAIT_S = 2.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
# So much is a transaction worth its while; bytes as they came, mostly packed.
_BACKLOG_BYTES = 2 << 20
# It tries again anyway; people should soon hear of a warehouse that somebody else holds.
_BUSY_S = 5.0
# How often hours that are over are rolled up, when nothing waits to be stored.
_ROLL_UP_EVERY_S = 60.0
# At a time: storing waits for it.
_MOST_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What the child says after each transaction and each pass: what is new, and what is still to do."""

    spans: int = 0
    requests: int = 0
    quarantined: int = 0
    pending_bytes: int | None = None
    lag_s: float | None = None
    problem: str | None = None


class Drainer:
    """Starts the child, keeps it alive, and counts what it says in `state`."""

    def __init__(self, root: Path, *, spec: RulesSpec, every_s: float, state: DrainState) -> None:
        self._root = root
        self._spec = spec
        self._every_s = every_s
        self._state = state
        self._stopping = threading.Event()
        self._pipe: Connection | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._thread = threading.Thread(target=self._watch, name="drainer", daemon=True)

    def start(self) -> None:
        """Start storing."""
        self._thread.start()

    def stop(self, wait_s: float) -> bool:
        """Let it store what is spooled; False when it could not within `wait_s` (the spool keeps it), or
        was never started."""
        self._stopping.set()
        if self._thread.ident is None:
            return False
        pipe = self._pipe
        if pipe is not None:
            try:
                pipe.send(_STOP)
            except OSError:
                self._state.problem = "the storing process ended"
        self._thread.join(wait_s)
        done = not self._thread.is_alive() and self._state.pending_bytes == 0
        process = self._process
        if process is not None and process.is_alive():
            # Safe at any point: what it was storing is either committed with its cursor or not at all.
            process.kill()
        return done

    def _watch(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(
                target=drain_until_told,
                args=(str(self._root), self._spec, self._every_s, theirs),
                name="chainwatch-drain",
            )
            process.start()
            theirs.close()
            self._pipe, self._process = ours, process
            if self._stopping.is_set():
                ours.send(_STOP)
            started = self._listen(ours)
            process.join()
            if self._stopping.is_set():
                return
            self._state.problem = (
                f"the storing process ended with code {process.exitcode}; it is started again"
            )
            pause_s = _FIRST_PAUSE_S if started else min(pause_s * 2, _LONGEST_PAUSE_S)
            if self._stopping.wait(pause_s):
                return

    def _listen(self, pipe: Connection) -> bool:
        """Count what the child says until it ends; whether it said anything."""
        spoke = False
        while True:
            try:
                progress: Progress = pipe.recv()
            except (EOFError, OSError):
                return spoke
            spoke = True
            state = self._state
            state.stored_spans += progress.spans
            state.stored_requests += progress.requests
            state.quarantined += progress.quarantined
            state.pending_bytes = progress.pending_bytes
            state.lag_s = progress.lag_s
            state.problem = progress.problem


class _ParentGoneError(Exception):
    """Nobody hears the child any more."""


def drain_until_told(root: str, spec: RulesSpec, every_s: float, pipe: Connection) -> None:
    """The child's life: drain, report, wait; on stop or when the parent is gone, drain once more and end."""
    # A Ctrl-C or a service manager's stop reaches the whole group; the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)

    from collectors.context import system_clock
    from collectors.home import Home
    from collectors.spool_ingest import SpoolDrain
    from collectors.warehouse.connection import Warehouse

    home = Home(root=Path(root))
    warehouse = Warehouse(home.warehouse, wait_s=_BUSY_S)
    spool = SpoolDrain(home.spool, warehouse, clock=system_clock, spec=spec)
    try:
        spool.start()
        _drain_until_told(spool, every_s, pipe, lambda: _roll_up(warehouse))
    except _ParentGoneError:
        return
    finally:
        spool.close()


def _drain_until_told(
    spool: SpoolDrain, every_s: float, pipe: Connection, roll_up: Callable[[], None]
) -> None:
    last, rolled_at = False, time.monotonic()
    while True:
        started = time.monotonic()
        progress = _one_pass(spool, pipe)
        if not last and progress.pending_bytes == 0 and started - rolled_at >= _ROLL_UP_EVERY_S:
            roll_up()
            rolled_at = time.monotonic()
        if last and (progress.pending_bytes == 0 or progress.problem):
            return
        # Small transactions one after the other would keep everybody else from the warehouse: without a
        # backlog, at most a third of the time is spent storing. A longer pass is several transactions, and
        # others have their turns between them.
        backlog = (progress.pending_bytes or 0) >= _BACKLOG_BYTES and not progress.problem
        rest_s = min(_LONGEST_WAIT_S, _PAUSE_PER_WORK * (time.monotonic() - started))
        wait_s = 0.0 if backlog else max(every_s, rest_s)
        try:
            if not last and pipe.poll(wait_s):
                pipe.recv()
                last = True
        except (EOFError, OSError) as error:
            raise _ParentGoneError from error


def _roll_up(warehouse: Warehouse) -> None:
    """Sum up hours that are over, for the dashboard. What fails here fails storing too, which tells of it."""
    from collectors.context import system_clock
    from collectors.rollups.refresh import refresh

    if warehouse.exists():
        with suppress(Exception):
            refresh(warehouse, now=system_clock(), most=_MOST_HOURS)


def _one_pass(spool: SpoolDrain, pipe: Connection) -> Progress:
    """Drain what can be read now, and tell of each transaction; returns what it told last."""
    from collectors.errors import ChainwatchError
    from collectors.spool_segments import unreadable

    def told(stored: DrainSummary) -> None:
        _tell(spool, pipe, stored=stored)

    problem = None
    try:
        spool.run(wait_s=1.0, told=told)
    except ChainwatchError as error:
        problem = str(error)
    except _ParentGoneError:
        raise
    except Exception as error:
        # A full disk, a damaged file: the spool keeps everything until somebody mends it.
        problem = f"{type(error).__name__}: {error}"
    return _tell(spool, pipe, problem=problem or unreadable(spool.folder))


def _tell(
    spool: SpoolDrain, pipe: Connection, *, stored: DrainSummary | None = None, problem: str | None = None
) -> Progress:
    from collectors.context import system_clock

    oldest = spool.oldest_pending_at()
    progress = Progress(
        spans=stored.spans if stored else 0,
        requests=stored.requests if stored else 0,
        quarantined=stored.quarantined if stored else 0,
        pending_bytes=spool.pending_bytes(),
        lag_s=max(0.0, (system_clock() - oldest).total_seconds()) if oldest else 0.0,
        problem=problem,
    )
    try:
        pipe.send(progress)
    except OSError as error:
        raise _ParentGoneError from error
    return progress
