"""The messages of a replay: through the outbox as they would have gone, to channels that take everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors.warehouse.connection import Connection
from collectors.warehouse.overlay import Overlay
from monitors.alerting.book import AlertBook
from monitors.alerting.config import NotifyConfig
from monitors.alerting.notice import Notice
from monitors.notify.base import Delivery
from monitors.notify.deliver import deliver_pending
from monitors.result import Window

# Where nothing says which channels there are, messages are counted for one.
_ANY = "slack"


@dataclass(frozen=True, kw_only=True)
class Counting:
    """A channel that takes every message and sends none."""

    name: str

    def render(self, notice: Notice) -> dict[str, Any]:
        """Nothing is drawn."""
        return {}

    def send(self, notice: Notice, *, key: str) -> Delivery:
        """Taken."""
        return Delivery(outcome="sent")


def channels_of(notify: NotifyConfig) -> tuple[str, ...]:
    """The channels that the configuration names, and one where it leaves that to the environment.

    >>> channels_of(NotifyConfig())
    ('slack',)
    """
    named = [*(notify.channels or ()), *(name for route in notify.routes for name in route.channels)]
    if notify.channels is None:
        named.append(_ANY)
    return tuple(sorted(set(named)))


class Outbox:
    """Queues and takes the news of each window at the time at which a run would have had it."""

    def __init__(
        self, overlay: Overlay, notify: NotifyConfig, *, grace: timedelta, dashboard_url: str
    ) -> None:
        self._overlay = overlay
        self._notify = notify
        self._grace = grace
        self._dashboard_url = dashboard_url
        self._channels = tuple(Counting(name=name) for name in channels_of(notify))
        self._incidents: Sequence[object] = ()
        self._now: datetime | None = None

    def stepped(self, book: AlertBook, window: Window) -> None:
        """What a run just after `window` would have written and sent."""
        self._now = window.end + self._grace
        incidents = book.incidents
        changed = incidents != self._incidents
        if changed:
            with self._overlay.write() as con:
                self.flush(book, con)
        if changed or book.is_firing:
            clock = _Clock(self._now)
            deliver_pending(self._overlay, self._channels, clock.now, notify=self._notify, sleep=clock.sleep)
        # As they are once they are stored.
        self._incidents = book.incidents

    def flush(self, book: AlertBook, con: Connection) -> None:
        """Write the book as of the last window."""
        if self._now is not None:
            book.flush(
                con,
                now=self._now,
                channels=[channel.name for channel in self._channels],
                notify=self._notify,
                dashboard_url=self._dashboard_url,
            )


class _Clock:
    """Stands at a time, and goes on only while somebody sleeps."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def sleep(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)


def by_state(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many messages there are of each state.

    >>> by_state([{"state": "sent"}, {"state": "suppressed"}, {"state": "sent"}])
    {'sent': 2, 'suppressed': 1}
    """
    found: dict[str, int] = {}
    for row in rows:
        found[row["state"]] = found.get(row["state"], 0) + 1
    return found
