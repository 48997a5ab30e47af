"""Work that libraries do without the interpreter, spread over threads; results in the order of tasks."""

from __future__ import annotations

import gc
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class Threads(Generic[Task, Result]):
    """`make()` gives the function that does a task; it is called once in each thread."""

    def __init__(self, make: Callable[[], Callable[[Task], Result]], count: int) -> None:
        self._make = make
        self._count = count
        self._mine = threading.local()

    def map(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """The results in order, one more task under way than threads. What a task raises is raised here."""
        remaining = iter(tasks)
        with _without_collector(), ThreadPoolExecutor(self._count, "chainwatch-decode") as pool:
            ahead: deque[Future[Result]] = deque()
            try:
                for task in islice(remaining, self._count + 1):
                    ahead.append(pool.submit(self._do, task))
                while ahead:
                    done = ahead.popleft().result()
                    for task in islice(remaining, 1):
                        ahead.append(pool.submit(self._do, task))
                    yield done
            finally:
                for waiting in ahead:
                    waiting.cancel()

    def _do(self, task: Task) -> Result:
        do: Callable[[Task], Result] | None = getattr(self._mine, "do", None)
        if do is None:
            do = self._mine.do = self._make()
        return do(task)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Looking for cycles takes a quarter of the time of such work, and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
