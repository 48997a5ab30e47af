"""Reports of backtests in files, newest first: what the dashboard shows. The warehouse holds none of them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collectors.home import Home

# Older ones are deleted: a backtest can be repeated.
KEPT = 20


def folder(home: Home) -> Path:
    """Where the reports are."""
    return home.root / "backtests"


def save(home: Home, answer: Mapping[str, Any], *, at: datetime) -> Path:
    """Keep the answer of one backtest; returns its file, which its owner alone may read."""
    place = folder(home)
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / f"{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}.json"
    made = path.with_suffix(".new")
    made.touch(mode=0o600)
    made.write_text(json.dumps({"made_at": at, **answer}, default=_plain, ensure_ascii=False), "utf-8")
    os.replace(made, path)
    for old in names(home)[KEPT:]:
        (place / f"{old}.json").unlink(missing_ok=True)
    return path


def names(home: Home) -> list[str]:
    """The names of the reports, newest first."""
    return sorted((path.stem for path in folder(home).glob("*.json")), reverse=True)


def load(home: Home, name: str) -> dict[str, Any] | None:
    """One report; None when it is gone, or is not one."""
    try:
        found = json.loads((folder(home) / f"{Path(name).name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
