"""A fair readers-and-writer lock between processes, beside the warehouse file.

DuckDB lets one process write or several read, and refuses the rest at once with an error. Our own
processes must wait their turn instead, first come, first served: a writer must not starve behind readers
that overlap forever, nor a second writer behind one that never pauses. Who has to wait draws a *ticket*, a
file in the queue folder named after the system's monotonic time and locked by its owner; the owner of the
oldest ticket may take the *main* lock. The kernel drops every lock when a process dies, so a kill -9 leaves
a dead ticket at most, and whoever meets one removes it.
"""

from __future__ import annotations

import fcntl
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collectors.errors import WarehouseBusyError, WarehouseError

_HEAD_WAIT_S = 0.002
_QUEUE_WAIT_S = 0.01

# Which lock files this thread holds: taking one twice would wait for itself.
_held = threading.local()


@dataclass(frozen=True)
class _Ticket:
    path: Path
    fd: int


class FairLock:
    """The lock of one warehouse file.

    Each `hold` opens the file anew, so that threads of one process exclude each other as processes do.
    """

    def __init__(
        self,
        path: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._main = path.with_name(path.name + ".lock")
        self._queue = path.with_name(path.name + ".queue")
        self._monotonic = monotonic
        self._sleep = sleep

    @contextmanager
    def hold(self, *, write: bool, wait_s: float) -> Iterator[None]:
        """Hold the lock, shared or exclusive.

        WarehouseBusyError after `wait_s` seconds. WarehouseError when this thread holds the lock already
        (a reader inside a reader may wait for a writer that waits for the outer one) or when the lock
        files cannot be made.
        """
        mine = _held_here()
        if self._main in mine:
            raise WarehouseError(
                f"{self._main}: this thread holds a connection already; finish with it before opening another"
            )
        owner = os.getpid()
        fd = self._open(self._main)
        try:
            self._acquire(fd, fcntl.LOCK_EX if write else fcntl.LOCK_SH, wait_s)
            mine.add(self._main)
            yield
        finally:
            mine.discard(self._main)
            _release(fd, owner)

    def _acquire(self, fd: int, mode: int, wait_s: float) -> None:
        if self._first() is None and _try(fd, mode):
            return
        deadline = self._monotonic() + wait_s
        ticket = self._draw()
        try:
            while True:
                ahead = self._first()
                # A ticket that is gone (somebody emptied the folder) must not wait for ever.
                is_first = ahead is None or ahead >= ticket.path.name
                if is_first and _try(fd, mode):
                    return
                if self._monotonic() >= deadline:
                    raise WarehouseBusyError(
                        f"the warehouse beside {self._main} stayed busy for {wait_s:g} s; another Chainwatch "
                        "process is working on it. Try again, or look with `chainwatch status`."
                    )
                if is_first:
                    self._sleep(_HEAD_WAIT_S)
                elif not self._bury(ahead):
                    # Jitter keeps processes that woke together from colliding together again.
                    self._sleep(_QUEUE_WAIT_S * (0.5 + random.random()))  # noqa: S311 - not a secret
        finally:
            ticket.path.unlink(missing_ok=True)
            os.close(ticket.fd)

    def _first(self) -> str | None:
        """The oldest ticket, dead or alive."""
        try:
            return min((name for name in os.listdir(self._queue) if not name.startswith(".")), default=None)
        except FileNotFoundError:
            return None

    def _draw(self) -> _Ticket:
        name = f"{time.monotonic_ns():020d}-{os.getpid()}-{threading.get_ident()}"
        hidden, path = self._queue / f".{name}", self._queue / name
        try:
            self._queue.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise WarehouseError(f"cannot make the folder {self._queue}: {error.strerror}") from error
        fd = self._open(hidden)
        # Locked before it can be seen: an unlocked ticket is a dead one.
        fcntl.flock(fd, fcntl.LOCK_EX)
        hidden.rename(path)
        return _Ticket(path, fd)

    def _bury(self, name: str | None) -> bool:
        """Remove the ticket if its owner is dead; whether it was."""
        path = self._queue / str(name)
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            if not _try(fd, fcntl.LOCK_EX):
                return False
            path.unlink(missing_ok=True)
            return True
        finally:
            os.close(fd)

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WarehouseError(f"cannot open the lock file {path}: {error.strerror}") from error


def _try(fd: int, mode: int) -> bool:
    try:
        fcntl.flock(fd, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _held_here() -> set[Path]:
    held: set[Path] | None = getattr(_held, "paths", None)
    if held is None or _held.owner != os.getpid():
        # A forked child inherits the note, but not the right to the lock.
        held = _held.paths = set()
        _held.owner = os.getpid()
    return held


def _release(fd: int, owner: int) -> None:
    """Unlock and close.

    A child forked meanwhile shares the lock through its copy of the descriptor: closing alone would leave
    the lock held until the child ends, and a child that leaves the block must not unlock its parent's.
    """
    if os.getpid() == owner:
        fcntl.flock(fd, fcntl.LOCK_UN)
    os.close(fd)
