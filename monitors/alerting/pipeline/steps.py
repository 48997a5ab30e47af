"""The pipeline: what becomes of the news of incidents, in the transaction that decided them.

The steps are Alertmanager's, and so is their order. Each takes the messages of the one before it and says of
each what it decided and why; none is lost on the way: what is not sent is recorded with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitors.alerting.pipeline.deduplicate import deduplicate
from monitors.alerting.pipeline.group import group
from monitors.alerting.pipeline.inhibit import inhibit
from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.pipeline.record import record
from monitors.alerting.pipeline.send import send
from monitors.alerting.pipeline.silence import silence

Step = Callable[[Sequence[Message], Situation], list[Message]]

STEPS: tuple[Step, ...] = (inhibit, silence, group, deduplicate, send, record)


def through(messages: Sequence[Message], now: Situation) -> list[Message]:
    """The messages after every step."""
    found = list(messages)
    for step in STEPS:
        found = step(found, now)
    return found
