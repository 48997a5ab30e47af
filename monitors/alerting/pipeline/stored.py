"""The queries of the pipeline, each in its file."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def query(name: str) -> str:
    """The text of `monitors/alerting/pipeline/<name>.sql`."""
    return (resources.files("monitors.alerting.pipeline") / f"{name}.sql").read_text("utf-8")
