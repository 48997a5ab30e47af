"""Work over processes: order, errors, deaths, and that an early stop leaves nothing behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from collectors.workers import Workers, processes


def _double(task: int) -> tuple[int, int]:
    if task == -1:
        raise ValueError("a bad task")
    if task == -2 and multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return task * 2, os.getpid()


def make() -> Callable[[int], tuple[int, int]]:
    return _double


@pytest.fixture
def workers() -> Iterator[Workers[int, tuple[int, int]]]:
    made = Workers(make, 2)
    yield made
    made.close()


def test_little_work_is_done_here(workers: Workers[int, tuple[int, int]]) -> None:
    assert list(workers.map(range(3))) == [(n * 2, os.getpid()) for n in range(3)]


def test_more_work_is_spread_and_its_order_kept(workers: Workers[int, tuple[int, int]]) -> None:
    found = list(workers.map(range(20)))
    assert [value for value, _ in found] == [n * 2 for n in range(20)]
    assert len({process for _, process in found} - {os.getpid()}) == 2


def test_what_a_task_raises_is_raised_here(workers: Workers[int, tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="a bad task"):
        list(workers.map([0, 1, 2, -1, 4, 5]))
    assert [value for value, _ in workers.map([7, 8, 9])] == [14, 16, 18]


def test_a_stop_in_the_middle_does_not_mix_up_what_follows(workers: Workers[int, tuple[int, int]]) -> None:
    started = workers.map(range(20))
    assert next(started)[0] == 0
    started.close()
    assert [value for value, _ in workers.map(range(50, 60))] == [n * 2 for n in range(50, 60)]


def test_a_process_that_dies_costs_nothing(workers: Workers[int, tuple[int, int]]) -> None:
    assert [value for value, _ in workers.map([0, 1, -2, 3, 4, 5])] == [0, 2, -4, 6, 8, 10]


def test_the_configured_number_wins() -> None:
    assert processes(3) == 3
    assert 1 <= processes() <= 4
