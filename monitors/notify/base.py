"""What a channel is: it renders a notice, and sends it once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal, Protocol

from monitors.alerting.notice import Notice

Outcome = Literal["sent", "retry", "dead"]

# Nobody means a week; a wrong clock does.
_LONGEST_RETRY_AFTER_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of one attempt.

    Attributes:
        outcome: sent; retry (later, the same message); dead (the receiver will never take it).
        error: for people; holds no secret and no address.
        retry_after_s: how long the receiver asked to be left alone.
    """

    outcome: Outcome
    http_status: int | None = None
    error: str | None = None
    retry_after_s: float | None = None


class Notifier(Protocol):
    """An open channel. Its secrets stay inside: not in payloads, errors or repr."""

    @property
    def name(self) -> str:
        """The registered name of the channel."""

    def render(self, notice: Notice) -> dict[str, Any]:
        """The body of the message, in the channel's own form; hostile text in it is harmless."""

    def send(self, notice: Notice, *, key: str) -> Delivery:
        """One attempt; never raises. `key` is the same in each attempt of the same message."""


class Channel(Protocol):
    """A kind of channel: the attribute CHANNEL of each file in monitors/notify/channels/."""

    @property
    def name(self) -> str:
        """The registered name."""

    @property
    def variable(self) -> str:
        """The environment variable that switches the channel on."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Every environment variable that it reads."""

    def open(self, environ: Mapping[str, str], *, timeout: timedelta) -> Notifier | None:
        """The notifier; None where the environment does not configure it, ConfigError where it errs."""


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, as seconds or as a date; None when it says nothing.

    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> [retry_after_s(text, now) for text in ("30", "Thu, 01 Jan 2026 00:01:00 GMT", "soon")]
    [30.0, 60.0, None]
    """
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
        seconds = ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)


def outcome_of(status: int) -> Outcome:
    """What an HTTP status means for a message; what a person can mend (a revoked address) is tried again."""
    if 200 <= status < 300:
        return "sent"
    return "dead" if status in (400, 413, 414, 422) else "retry"
