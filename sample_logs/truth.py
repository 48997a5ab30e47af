"""What was done to the traffic on purpose, and what the generator hands out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from collectors.model import Feedback, Span
from monitors.result import Concern, Window

CHAIN = "support-assistant"
EVALUATION_SET = "golden-v1"
APPLICATION = "assistant"


@dataclass(frozen=True, kw_only=True)
class TruthIncident:
    """A fault that was made on purpose. `ended_at` None: still there at the end of the data."""

    id: str
    kind: str
    component: str
    concern: Concern
    started_at: datetime
    ended_at: datetime | None
    deploy_field: str | None = None
    deploy_value: str | None = None
    description: str


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What was wrong when. `quiet` are the parts of `period` in which nothing was."""

    period: Window
    incidents: tuple[TruthIncident, ...]
    quiet: tuple[Window, ...]


@dataclass(frozen=True, kw_only=True)
class SampleLogs:
    """Everything that one call generates."""

    spans: list[Span]
    feedback: list[Feedback]
    evaluation: list[Span]
    truth: Truth
