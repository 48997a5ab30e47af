"""The [dashboard] section of chainwatch.toml."""

from __future__ import annotations

from pydantic import Field

from collectors.config import Section


class DashboardConfig(Section):
    """Where the dashboard listens, how messages link to it, and how often it looks again.

    `url` is what links in messages start with; set it when people reach the dashboard under another
    name than localhost. `refresh_s` is how often an open overview reads the warehouse again.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8501, ge=1, le=65535)
    url: str = Field(default="http://localhost:8501", pattern=r"^https?://[^\s]+$")
    refresh_s: int = Field(default=30, ge=5, le=3600)
