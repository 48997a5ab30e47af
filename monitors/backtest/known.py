"""Incidents that people know of: read from TOML, CSV or JSON, so that a replay can be held against them."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.errors import ConfigError
from collectors.model import utc
from monitors.scoring import KnownFault

# Each key and the names that other tools and our own truth file give it.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "name", "incident"),
    "component": ("component",),
    "from": ("from", "started_at", "start"),
    "to": ("to", "ended_at", "end"),
}
_SHAPE = "keys: id, component (may be left out), from, to (left out: it still goes on)"


def read_known(file: Path) -> tuple[KnownFault, ...]:
    """The incidents of a file, by its ending: [[incident]] of TOML, lines of CSV, or a JSON list.

    A JSON object may hold the list under `incidents`. ConfigError names the file, the entry and the value.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--incidents {file}: cannot be read: {error}") from error
    try:
        entries = _entries(text, file.suffix.lower())
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, csv.Error) as error:
        raise ConfigError(f"--incidents {file}: {error}") from error
    if entries is None:
        raise ConfigError(
            f"--incidents {file}: use .toml with [[incident]] tables, .csv with a header, or .json"
        )
    found = tuple(_fault(entry, number, file) for number, entry in enumerate(entries, start=1))
    ids = [fault.fault_id for fault in found]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ConfigError(f"--incidents {file}: two incidents are called {twice[0]!r}")
    return found


def _entries(text: str, suffix: str) -> Sequence[Mapping[str, Any]] | None:
    if suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text)))
    if suffix not in (".toml", ".json"):
        return None
    data = tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    if isinstance(data, Mapping):
        data = data.get("incident", data.get("incidents"))
    if not isinstance(data, list) or not all(isinstance(entry, Mapping) for entry in data):
        return None
    return data


def _fault(entry: Mapping[str, Any], number: int, file: Path) -> KnownFault:
    where = f"--incidents {file}: incident {number}"
    given = {
        key: next((entry[name] for name in names if entry.get(name) not in (None, "")), None)
        for key, names in _NAMES.items()
    }
    started, ended = (_time(given[key], f"{where}: {key}") for key in ("from", "to"))
    if started is None:
        raise ConfigError(f"{where} has no time it began; {_SHAPE}")
    if ended is not None and ended <= started:
        raise ConfigError(f"{where} ends at {ended.isoformat()}, before it begins at {started.isoformat()}")
    component = given["component"]
    return KnownFault(
        fault_id=str(given["id"] or number),
        component=None if component is None else str(component),
        started_at=started,
        ended_at=ended,
    )


def _time(value: Any, where: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return utc(value)
    try:
        return utc(datetime.fromisoformat(str(value)))
    except ValueError:
        raise ConfigError(
            f"{where} = {value!r} is not an ISO 8601 time such as 2026-03-16T00:10:00Z"
        ) from None
