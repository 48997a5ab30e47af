"""The content of a message as the outbox keeps it."""

from __future__ import annotations

import json

from monitors.alerting.notice import notice
from monitors.alerting.pipeline.message import Message, Situation


def payload_of(message: Message, now: Situation) -> str:
    """The notice of an incident or of a group, as JSON."""
    if message.incident is None:
        return json.dumps({**message.payload, "kind": message.kind}, ensure_ascii=False)
    told = notice(message.incident, message.kind, now.dashboard_url, message.previous)
    return json.dumps(told, ensure_ascii=False)
