"""A fair readers-and-writer lock between processes, beside the warehouse file.

DuckDB lets one process write or several read, and refuses the rest at once with an error. Our own
processes must wait their turn instead, and a writer must not starve behind readers that overlap
forever. Two advisory locks do it: everybody passes the *turnstile* before taking the *main* lock;
a writer keeps the turnstile while it waits, so that readers who come later queue behind it.
The kernel drops both when a process dies, so a kill -9 leaves nothing behind.
"""

from __future__ import annotations

import fcntl
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collectors.errors import WarehouseBusyError

_FIRST_WAIT_S = 0.001
_LONGEST_WAIT_S = 0.02


def _acquire(fd: int, mode: int, deadline: float, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> bool:
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            fcntl.flock(fd, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= deadline:
                return False
            # Jitter keeps processes that woke together from colliding together again.
            sleep(wait_s * (0.5 + random.random()))  # noqa: S311 - not a secret
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        else:
            return True


class FairLock:
    """The lock pair of one warehouse file."""

    def __init__(
        self,
        path: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._turnstile = path.with_name(path.name + ".turn")
        self._main = path.with_name(path.name + ".lock")
        self._monotonic = monotonic
        self._sleep = sleep

    @contextmanager
    def hold(self, *, write: bool, wait_s: float) -> Iterator[None]:
        """Hold the lock, shared or exclusive; WarehouseBusyError after `wait_s` seconds."""
        deadline = self._monotonic() + wait_s
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        turn = os.open(self._turnstile, flags, 0o600)
        main = -1
        try:
            main = os.open(self._main, flags, 0o600)
            turn_mode = fcntl.LOCK_EX if write else fcntl.LOCK_SH
            main_mode = fcntl.LOCK_EX if write else fcntl.LOCK_SH
            if not _acquire(turn, turn_mode, deadline, self._monotonic, self._sleep) or not _acquire(
                main, main_mode, deadline, self._monotonic, self._sleep
            ):
                raise WarehouseBusyError(
                    f"the warehouse beside {self._main} stayed busy for {wait_s:g} s; "
                    "another Chainwatch process is working on it. Try again, or look with `chainwatch status`."
                )
            fcntl.flock(turn, fcntl.LOCK_UN)
            yield
        finally:
            # Closing drops the locks, in whatever state they are.
            if main >= 0:
                os.close(main)
            os.close(turn)
