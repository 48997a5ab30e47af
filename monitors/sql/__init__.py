"""The queries of a monitor run, each in its file."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def query(name: str) -> str:
    """The text of `monitors/sql/<name>.sql`."""
    return (resources.files("monitors.sql") / f"{name}.sql").read_text("utf-8")
