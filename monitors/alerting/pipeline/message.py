"""What travels through the pipeline: a message to be, with what every step said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.alerting.incident import Incident

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

NO_CHANNEL = "none"
PENDING = ("pending", "sending", "sent")


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What one step said of a message, for people."""

    step: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """One thing to tell of an incident, or of a group of them, on one channel.

    Attributes:
        incident: None of a message that tells of a group.
        kind: firing, update or resolved. number: tells the first time from the second.
        previous: the incident as people know it. over: it came and went before anybody could be told.
        channel: None until the routes were asked.
        stopped_by: the step that does not let it through, and `reason` why; None while it is on its way.
        for_good: whether it stays stopped whatever happens: what waits for a silence to end does not.
        not_before: the earliest time to send it; None is now.
        group_id: the group that it is told with, or that it tells of.
        payload: of a message of a group; an incident tells its own.
        decisions: what each step said, in order.
    """

    incident: Incident | None
    kind: str
    number: int
    previous: Incident | None = None
    over: bool = False
    channel: str | None = None
    stopped_by: str | None = None
    reason: str | None = None
    for_good: bool = False
    not_before: datetime | None = None
    group_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()

    @property
    def subject(self) -> str:
        """What it is about: the id of the incident, or of the group."""
        if self.incident is not None:
            return self.incident.incident_id
        assert self.group_id is not None
        return self.group_id

    @property
    def key(self) -> str:
        """The same for the same message, however often it is decided on."""
        return f"{self.subject}/{self.kind}/{self.number}/{self.channel}"

    def passed(self, step: str, reason: str) -> Message:
        """Let through by a step, with what it looked at."""
        return replace(self, decisions=(*self.decisions, Decision(step=step, reason=reason)))

    def stopped(self, step: str, reason: str, *, for_good: bool) -> Message:
        """Not let through; what is for good counts before what may pass."""
        noted = self.passed(step, reason)
        if self.stopped_by is not None and (self.for_good or not for_good):
            return noted
        return replace(noted, stopped_by=step, reason=reason, for_good=for_good)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the steps decide by.

    Attributes:
        now: the clock of the run. as_of: end of the last window that was stepped.
        channels: the open ones.
    """

    con: Connection
    now: datetime
    as_of: datetime | None
    channels: Sequence[str]
    notify: NotifyConfig
    settings: AlertsConfig
    dashboard_url: str

    def is_too_old(self, message: Message) -> bool:
        """Whether a message is history that was found late, and no news."""
        incident = message.incident
        # What still fires is news however long ago it began, if the data reach up to now.
        since = incident.resolved_at if incident is not None and message.kind == "resolved" else self.as_of
        return since is not None and self.now - since > self.notify.max_age
