"""The configuration to try: the one in use, with a file of sections and single keys over it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collectors.config import Config
from collectors.errors import ConfigError


def candidate(used: Config, file: Path | None, assignments: Sequence[str]) -> Config:
    """The configuration in use, overlaid by the sections of `file`, overlaid by `KEY=VALUE` assignments.

    Tables are merged key by key, other values replaced. ConfigError names what cannot be read or used.
    """
    raw: Mapping[str, Any] = used.raw
    origin = used.origin
    if file is not None:
        raw, origin = merged(raw, _read(file)), f"{origin} and {file}"
    for text in assignments:
        raw, origin = merged(raw, assignment(text)), f"{origin} and --set"
    if raw is used.raw:
        return used
    made = Config(raw, origin, home=used.home)
    made.validate()
    return made


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `under`.

    >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
    {'a': {'b': 1, 'c': 3}}
    """
    made = dict(under)
    for key, value in over.items():
        known = made.get(key)
        made[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return made


def assignment(text: str) -> dict[str, Any]:
    """One `section.key=value` as the table it stands for; the value is TOML, or else a text.

    >>> assignment("monitors.latency.margin=0.3")
    {'monitors': {'latency': {'margin': 0.3}}}
    >>> assignment("windows.length=30m")
    {'windows': {'length': '30m'}}
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text!r}: give KEY=VALUE, as in monitors.latency.margin=0.3")
    try:
        return tomllib.loads(f"{key} = {value}")
    except tomllib.TOMLDecodeError:
        pass
    quoted = value.strip().replace("\\", "\\\\").replace('"', '\\"')
    try:
        return tomllib.loads(f'{key} = "{quoted}"')
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"--set {text!r}: {error}; give KEY=VALUE, as in windows.length=30m") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"--candidate {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"--candidate {file}: not valid TOML: {error}") from error
