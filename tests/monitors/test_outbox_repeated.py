"""What comes twice is queued once, and a storm takes no more queries than a shower."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerting_world import T0, at, new_warehouse, play, result, stream, topology

from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.alerting import actions
from monitors.alerting.book import AlertBook
from monitors.alerting.config import NotifyConfig
from monitors.alerting.pipeline.release import release
from monitors.topology import Topology

LATENCY = stream("generator", "duration_s", range(3, 6), range(1, 30))


class Counting:
    """A connection that counts what it is asked."""

    def __init__(self, con: Any) -> None:
        self._con, self.asked = con, 0

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        self.asked += 1
        return self._con.execute(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


def queued(warehouse: Warehouse) -> list[dict[str, Any]]:
    with warehouse.read() as con:
        return fetch(con, "SELECT * FROM notifications ORDER BY kind")


def sent(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        con.execute("UPDATE notifications SET state = 'sent', attempts = 1 WHERE state = 'pending'")


def test_two_runs_at_once_queue_what_both_found_once(warehouse: Warehouse) -> None:
    """Both loaded the book before either stored it: the second finds the news in the outbox."""
    for hours in (range(1, 4), range(4, 12)):
        with warehouse.read() as con:
            first, second = AlertBook.load(con), AlertBook.load(con)
        for book in (first, second):
            play(book, {h: LATENCY[h] for h in hours})
        with warehouse.write() as con:
            first.flush(con, now=at(hours[-1]), channels=["slack"])
        sent(warehouse)
        before = queued(warehouse)
        with warehouse.write() as con:
            second.flush(con, now=at(hours[-1]) + timedelta(minutes=1), channels=["slack"])
        assert queued(warehouse) == before
    assert [(r["kind"], r["state"]) for r in before] == [("firing", "sent"), ("resolved", "sent")]


def flush_and_die(path: Path) -> None:
    """A run that is killed between what it queued and the end of its transaction."""
    warehouse = Warehouse(path)
    with warehouse.write() as con:
        book = play(AlertBook.load(con), {h: LATENCY[h] for h in range(1, 4)})
        book.flush(con, now=at(3), channels=["slack"])
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_that_is_repeated_after_a_kill_queues_once(warehouse: Warehouse) -> None:
    killed = multiprocessing.get_context("spawn").Process(target=flush_and_die, args=[warehouse.path])
    killed.start()
    killed.join(timeout=120)
    assert killed.exitcode == -signal.SIGKILL
    with warehouse.write() as con:
        book = play(AlertBook.load(con), {h: LATENCY[h] for h in range(1, 4)})
        book.flush(con, now=at(3), channels=["slack"])
    assert [(r["kind"], r["state"]) for r in queued(warehouse)] == [("firing", "pending")]


def asked(warehouse: Warehouse, chains: int) -> list[int]:
    """The queries of each run: it breaks out, is blamed anew as a silence ends, is over, and comes back."""
    settings = NotifyConfig(max_messages=3)
    names = [f"{kind}{n:02}" for n in range(chains) for kind in ("loud", "quiet")]
    known = Topology(tuple(c for name in names for c in topology(chain=name)))
    silence = actions.add_silence(
        warehouse, {"chain": "quiet*"}, duration=timedelta(hours=9), author="me", comment="x", at=T0
    )
    counts: list[int] = []
    for hour, status in enumerate(["breach", "breach", "ok", "ok", "ok", "breach", "breach"], start=1):
        results = [result("generator", "output_text", hour, status, chain=name) for name in names]
        earlier = {"scale_windows": 4}
        if hour > 1:
            results += [
                result("retriever", "output_text", hour, status, chain=name, evidence=earlier)
                for name in names
            ]
        with warehouse.write() as con:
            counting: Any = Counting(con)
            book = AlertBook.load(counting)
            book.step(at(hour), results, known, [])
            book.flush(counting, now=at(hour), channels=["slack", "email"], notify=settings)
            release(counting, at(hour), settings)
        counts.append(counting.asked)
        if hour == 1:
            actions.expire_silence(warehouse, silence.silence_id, "me", at(1))
    return counts


def test_a_storm_takes_as_many_queries_as_a_shower(warehouse: Warehouse, tmp_path: Path) -> None:
    many = asked(warehouse, 40)
    assert many == asked(new_warehouse(tmp_path), 5)
    assert {(r["kind"], r["stopped_by"]) for r in queued(warehouse)} == {
        ("firing", None),
        ("firing", "group"),
        ("update", "group"),
        ("update", "deduplicate"),
        ("resolved", "group"),
        ("resolved", "deduplicate"),
    }
