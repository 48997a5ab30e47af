"""A table of what happens when and what people hear of it, played with a clock that stands still.

In the manner of Alertmanager's acceptance tests: `time | what happens | messages`, a line for each moment of
interest; a line without a time goes on with the one before it.

What happens: words, joined by `;`
    breach COMPONENT FIELD, ok COMPONENT FIELD, quiet COMPONENT FIELD (no data)
    silence LABEL=VALUE for HOURS, unsilence, close COMPONENT
    channel up, channel down, run (deliver only)
A line with readings is a run of the window that ends then: streams that are not named are as they were.

Messages: `KIND SUBJECT [@CHANNEL]`, joined by `;`; `-` is none. SUBJECT is the component to blame, or how
many incidents a group has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from alerting_world import FIVE, T0, result, topology

from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.alerting import actions
from monitors.alerting.book import AlertBook
from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.alerting.notice import Notice
from monitors.notify.base import Delivery
from monitors.notify.deliver import deliver_pending

_HOUR = timedelta(hours=1)
_STATES = {"breach": "breach", "ok": "ok", "quiet": "no_data"}


@dataclass
class Told:
    """A channel that remembers what it took."""

    name: str = "slack"
    is_up: bool = True
    taken: list[str] = field(default_factory=list)

    def render(self, notice: Notice) -> dict[str, Any]:
        return {}

    def send(self, notice: Notice, *, key: str) -> Delivery:
        if not self.is_up:
            return Delivery(outcome="retry", http_status=500, error="down")
        subject = notice["incidents"] if "members" in notice else notice["component"]
        self.taken.append(f"{notice['kind']} {subject}")
        return Delivery(outcome="sent", http_status=200)


@dataclass
class World:
    """An installation whose clock only the table moves."""

    warehouse: Warehouse
    settings: AlertsConfig
    notify: NotifyConfig
    channels: Sequence[Told]
    now: datetime = T0
    readings: dict[tuple[str, str], str] = field(default_factory=dict)
    silences: list[str] = field(default_factory=list)

    def do(self, what: str) -> bool:
        """One thing that happens; whether it is a reading."""
        words = what.split()
        if words[0] in _STATES:
            self.readings[words[1], words[2]] = _STATES[words[0]]
            return True
        match words:
            case ["silence", matcher, "for", hours]:
                label, _, value = matcher.partition("=")
                made = actions.add_silence(
                    self.warehouse,
                    {label: value},
                    duration=float(hours) * _HOUR,
                    author="ada",
                    comment="a test",
                    at=self.now,
                )
                self.silences.append(made.silence_id)
            case ["unsilence"]:
                actions.expire_silence(self.warehouse, self.silences.pop(), "ada", self.now)
            case ["close", component]:
                with self.warehouse.read() as con:
                    sql = "SELECT incident_id FROM incidents WHERE component = ? AND state <> 'resolved'"
                    [row] = fetch(con, sql, [component])
                actions.resolve(self.warehouse, row["incident_id"], "ada", self.now)
            case ["channel", state]:
                for channel in self.channels:
                    channel.is_up = state == "up"
            case ["run"]:
                pass
            case _:
                raise AssertionError(f"the table says {what!r}, which is nothing that can happen")
        return False

    def step(self) -> None:
        """A run of the window that ends now."""
        hour = (self.now - T0) // _HOUR
        results = [result(c, f, hour, status) for (c, f), status in sorted(self.readings.items())]
        extra = [c for c, _ in self.readings if c not in FIVE]
        with self.warehouse.write() as con:
            book = AlertBook.load(con, self.settings)
            book.step(self.now, results, topology([*FIVE, *sorted(set(extra))]), ())
            book.flush(con, now=self.now, channels=[c.name for c in self.channels], notify=self.notify)

    def deliver(self) -> list[str]:
        """What the channels took in this moment."""
        for channel in self.channels:
            channel.taken.clear()
        deliver_pending(
            self.warehouse,
            self.channels,
            lambda: self.now,
            notify=self.notify,
            sleep=lambda _: None,
            random=Random(1),
        )
        several = len(self.channels) > 1
        return sorted(f"{text} @{c.name}" if several else text for c in self.channels for text in c.taken)


def play(
    warehouse: Warehouse,
    table: str,
    *,
    settings: AlertsConfig | None = None,
    notify: NotifyConfig | None = None,
    channels: Sequence[str] = ("slack",),
) -> World:
    """Play the table; an assertion names the first line whose messages differ."""
    # Nobody waits inside of a pass: the table says when the next one is.
    given = (notify or NotifyConfig()).model_copy(update={"patience": timedelta(0)})
    world = World(
        warehouse=warehouse,
        settings=settings or AlertsConfig(),
        notify=given,
        channels=[Told(name=name) for name in channels],
    )
    for clock, happens, expected in _moments(table):
        line = f"{clock} | {happens} | {expected}"
        assert re.fullmatch(r"\d+:\d\d", clock), line
        hours, minutes = clock.split(":")
        world.now = T0 + timedelta(hours=int(hours), minutes=int(minutes))
        is_run = [world.do(one.strip()) for one in happens.split(";") if one.strip()]
        if any(is_run):
            world.step()
        heard = world.deliver()
        wanted = sorted(one.strip() for one in expected.split(";") if one.strip() not in ("", "-"))
        assert heard == wanted, f"{line}\nheard: {'; '.join(heard) or '-'}"
    return world


def _moments(table: str) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for line in table.strip().splitlines():
        clock, happens, expected = (part.strip() for part in line.split("|"))
        if not clock:
            clock, before, heard = found.pop()
            happens, expected = f"{before}; {happens}", f"{heard}; {expected}"
        found.append((clock, happens, expected))
    return found


def decisions(world: World) -> list[dict[str, Any]]:
    """What stands in the outbox, as the dashboard shows it."""
    with world.warehouse.read() as con:
        return fetch(con, "SELECT * FROM notifications ORDER BY created_at, kind, channel, incident_id")
