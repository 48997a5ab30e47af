"""Step 2: news that a person has silenced, by its labels and for a while, waits until the silence is over."""

from __future__ import annotations

from collections.abc import Sequence

from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.silence import Silence, read_silences, silenced

STEP = "silence"


def silence(messages: Sequence[Message], now: Situation) -> list[Message]:
    """Stops news of incidents that match a silence that holds now."""
    silences = read_silences(now.con, now.now) if messages else []
    return [_silenced(m, silences, now) for m in messages]


def _silenced(message: Message, silences: Sequence[Silence], now: Situation) -> Message:
    # The end of what people heard of is always told: a silence must not leave them waiting.
    if message.incident is None or message.kind == "resolved":
        return message.passed(STEP, "the end of an incident is always told")
    found = silenced(silences, message.incident.labels, now.now)
    if found is None:
        return message.passed(STEP, "no silence matches it")
    return message.stopped(STEP, found.sentence, for_good=False)
