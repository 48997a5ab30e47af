"""The monitors of a batch shared out among processes: one is busy with linear algebra while another is, too.

Monitors do not know of each other, so who evaluates which changes nothing in the answers. Children are forked
for one batch: they see the parent's samples without copying them and hand back results and nothing else.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from multiprocessing.connection import Connection as Pipe
from typing import TYPE_CHECKING, Any

from monitors.plan import Monitor
from monitors.result import Result, Window

if TYPE_CHECKING:
    from monitors.evaluate import Evaluator

Planned = Sequence[tuple[Window, Sequence[Monitor]]]

# What evaluating a monitor costs, roughly, in units of one on numbers.
_EMBEDDING_COST = 8
_MOST_WORKERS = 4


def processors() -> int:
    """How many processes are worth having on this machine."""
    return max(1, min(_MOST_WORKERS, len(os.sched_getaffinity(0))))


def split(monitors: Iterable[Monitor], parts: int) -> list[frozenset[str]]:
    """Names of monitors in `parts` shares of about the same work.

    The same check against the same kind of reference stays together: where components see the same texts,
    one answer serves them all.
    """
    groups: dict[tuple[str, str], list[Monitor]] = {}
    for monitor in monitors:
        groups.setdefault((monitor.check.name, monitor.kind), []).append(monitor)
    loads, shares = [0] * parts, [set[str]() for _ in range(parts)]
    costs = {
        key: len(group) * (_EMBEDDING_COST if group[0].stream.data == "embedding" else 1)
        for key, group in groups.items()
    }
    for key in sorted(groups, key=lambda k: (-costs[k], k)):
        lightest = loads.index(min(loads))
        loads[lightest] += costs[key]
        shares[lightest] |= {m.name for m in groups[key]}
    return [frozenset(share) for share in shares if share]


def evaluate_batch(
    evaluator: Evaluator, planned: Planned, *, workers: int, only: frozenset[str] | None = None
) -> list[list[Result]]:
    """The results of every window, in the order of its monitors, or of those that `only` names.

    A child that dies costs time and nothing else: its share is evaluated here.
    """
    every = {m.name: m for _, monitors in planned for m in monitors if only is None or m.name in only}
    shares = split(every.values(), workers)
    if len(shares) < 2:
        return _share(evaluator, planned, only)
    from threadpoolctl import threadpool_limits

    # Matrices are small: more threads than processors only get in each other's way.
    with threadpool_limits(limits=1):
        return _shared_out(evaluator, planned, shares)


def _shared_out(
    evaluator: Evaluator, planned: Planned, shares: Sequence[frozenset[str]]
) -> list[list[Result]]:
    context = multiprocessing.get_context("fork")
    children = []
    for share in shares[1:]:
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=_work, args=(evaluator, planned, share, sender), daemon=True)
        child.start()
        sender.close()
        children.append((share, child, receiver))
    found: list[dict[str, Result]] = [{} for _ in planned]
    _gather(found, _share(evaluator, planned, shares[0]))
    for share, child, receiver in children:
        try:
            results, references = receiver.recv()
            evaluator.adopt(results, references)
        except EOFError:
            results = _share(evaluator, planned, share)
        finally:
            receiver.close()
            child.join()
        _gather(found, results)
    return [
        [by_name[m.name] for m in monitors if m.name in by_name]
        for by_name, (_, monitors) in zip(found, planned, strict=True)
    ]


def _work(evaluator: Evaluator, planned: Planned, share: frozenset[str], sender: Pipe) -> None:
    """In a child: evaluate, send, leave."""
    results = _share(evaluator, planned, share)
    sender.send((results, evaluator.references(share)))
    sender.close()


def _share(evaluator: Evaluator, planned: Planned, share: frozenset[str] | None) -> list[list[Result]]:
    return [evaluator.evaluate(window, monitors, share=share) for window, monitors in planned]


def _gather(found: list[dict[str, Any]], results: list[list[Result]]) -> None:
    for by_name, some in zip(found, results, strict=True):
        by_name.update({result.monitor: result for result in some})
