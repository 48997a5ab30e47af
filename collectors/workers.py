"""Work that takes processor time, spread over processes, with the results in the order of the tasks.

Each process holds one task at a time, and few results are ahead of the one that is wanted: memory stays flat
and nobody waits on a full pipe. A process ends when its pipe closes: also when this one is
killed.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from queue import SimpleQueue
from typing import Generic, TypeVar, cast

from collectors.handing_over import receive, send

Task = TypeVar("Task")
Result = TypeVar("Result")

# Starting a process costs about a second of its time; less work than this is done here.
_WORTH_STARTING = 4
_MOST = 4
# Looking for cycles takes as long as half a task, and leaves hardly any.
_COLLECTED_EVERY = 32
_LOADED = ["collectors.ingest_pieces", "collectors.spool_decode"]


def processes(wanted: int | None = None) -> int:
    """How many to use: as configured, else one a core and at most four; 1 means none beside this one."""
    return wanted or min(_MOST, len(os.sched_getaffinity(0)))


def warm() -> ForkServerContext:
    """Begin to load, in a process of its own, what those that decode are then forked from.

    Called early, it costs no waiting: whatever else has to be done first goes on beside it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    forkserver.ensure_running()
    return context


class Workers(Generic[Task, Result]):
    """`make()` gives the function that does a task; it is called once in each process, and is picklable."""

    def __init__(self, make: Callable[[], Callable[[Task], Result]], count: int, *, ahead: int = 2) -> None:
        """`ahead` results a process may wait to be taken."""
        self._make = make
        self._count = count
        self._ahead = ahead
        self._here: Callable[[Task], Result] | None = None
        self._pipes: list[Connection] = []
        self._running: list[multiprocessing.process.BaseProcess] = []

    def map(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """The results in order. What a task raises is raised here; a process that dies costs only time."""
        remaining = iter(tasks)
        worth = 2 if self._pipes else _WORTH_STARTING
        first = list(islice(remaining, worth))
        if self._count < 2 or len(first) < worth:
            for task in first:
                yield self.here(task)
            for task in remaining:
                yield self.here(task)
            return
        self.start()
        yield from self._spread(_chained(first, remaining))

    def here(self, task: Task) -> Result:
        """Do one task in this process."""
        if self._here is None:
            self._here = self._make()
        return self._here(task)

    def close(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._running:
            process.join(timeout=5)
            if process.is_alive():
                process.kill()
                process.join()
        self._pipes, self._running = [], []

    def start(self) -> None:
        """Start the processes, if there are to be any; `map` does it as well, when there is work enough."""
        if self._pipes or self._count < 2:
            return
        context = warm()
        for _ in range(self._count):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_work, args=(theirs, self._make), name="chainwatch-decode", daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._running.append(process)

    def _spread(self, tasks: Iterator[Task]) -> Iterator[Result]:
        free: SimpleQueue[Connection] = SimpleQueue()
        for pipe in self._pipes:
            free.put(pipe)

        def done(task: Task) -> tuple[object] | None:
            pipe = free.get()
            try:
                return _ask(pipe, task)
            finally:
                free.put(pipe)

        # A thread a process takes each result at once and hands over the next task, whatever this one does.
        with ThreadPoolExecutor(len(self._pipes)) as threads:
            most = self._ahead * len(self._pipes)
            ahead = deque((task, threads.submit(done, task)) for task in islice(tasks, most))
            try:
                while ahead:
                    task, future = ahead.popleft()
                    answer = future.result()
                    following = next(tasks, None)
                    if following is not None:
                        ahead.append((following, threads.submit(done, following)))
                    if answer is None:
                        yield self.here(task)
                    elif isinstance(answer[0], BaseException):
                        raise answer[0]
                    else:
                        yield cast("Result", answer[0])
            finally:
                for _, future in ahead:
                    future.cancel()
        if not all(process.is_alive() for process in self._running):
            # The next work starts them anew.
            self.close()


def _chained(first: list[Task], rest: Iterator[Task]) -> Iterator[Task]:
    yield from first
    yield from rest


def _ask(pipe: Connection, task: object) -> tuple[object] | None:
    """What the process at the other end made of the task, or None when it is no more."""
    try:
        send(pipe, task)
        return (receive(pipe),)
    except (EOFError, OSError):
        return None


def _work(pipe: Connection, make: Callable[[], Callable[[object], object]]) -> None:
    """The life of a process: a task, a result, until the pipe closes."""
    # A Ctrl-C reaches the whole group; the one that holds the pipe decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    do = make()
    # What is loaded now stays; what a task leaves is free without the collector, but for a few cycles.
    gc.freeze()
    gc.disable()
    try:
        _serve(pipe, do)
    finally:
        gc.unfreeze()


def _serve(pipe: Connection, do: Callable[[object], object]) -> None:
    for number in count(1):
        try:
            task = receive(pipe)
        except (EOFError, OSError):
            return
        answer: object
        try:
            answer = do(task)
        except Exception as error:
            answer = error
        try:
            send(pipe, answer)
        except OSError:
            return
        del task, answer
        if number == 1:
            # What the first task made the modules remember stays as well.
            gc.freeze()
        elif number % _COLLECTED_EVERY == 0:
            gc.collect()
