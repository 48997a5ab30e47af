"""The incident as Markdown, read when somebody asks for the file."""

from __future__ import annotations

from datetime import datetime

from collectors.warehouse.connection import Warehouse
from monitors.alerting.postmortem import postmortem, read_story


def postmortem_text(warehouse: Warehouse, incident_id: str, at: datetime) -> str:
    """What `chainwatch postmortem` writes."""
    with warehouse.read() as con:
        story = read_story(con, incident_id)
    return postmortem(story, at=at)
