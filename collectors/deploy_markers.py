"""Deploys that a person or a pipeline records, beside those that are inferred from the spans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from collectors.errors import ConfigError
from collectors.model import Deploy, content_hash, utc
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import fetch, replace, to_row

# The version of a whole chain; its marker stands at the chain's application.
WHOLE_CHAIN = "chain_version"
KEYS = ("chain", "component", "version", "field", "previous_version", "deployed_at", "note")
_LONGEST = 500
# Clocks of two machines may differ; a deploy of next week is a slip of the pen.
_AHEAD = timedelta(hours=1)
_PREVIOUS = (
    "SELECT * FROM deploys WHERE chain = ? AND component = ? AND field = ? AND deployed_at < ? "
    "ORDER BY deployed_at DESC, deploy_id LIMIT 1"
)
_APPLICATION = (
    "SELECT component FROM components WHERE chain = ? AND is_application ORDER BY last_seen_at DESC LIMIT 1"
)


def record(warehouse: Warehouse, told: Mapping[str, Any], *, clock: Callable[[], datetime]) -> Deploy:
    """Store the marker that `told` describes, and return it; the same one twice is stored once, and so is a
    version without a time that was recorded last.

    told: `version` and any of the other KEYS. Without a chain it is the only one that there is; without a
    component the version is the whole chain's; without a time it is now. ConfigError names the key, the value
    and the choices.
    """
    now = clock()
    texts = {key: _text(key, told.get(key)) for key in KEYS if key != "deployed_at"}
    unknown = sorted(set(told) - set(KEYS))
    if unknown:
        raise ConfigError(f"unknown key {unknown[0]!r}; choose one of: {', '.join(KEYS)}")
    version = texts["version"]
    if version is None:
        raise ConfigError("version: say what runs now, as in v42 or a commit")
    at = _time(told.get("deployed_at"), now)
    with warehouse.write() as con:
        chain = texts["chain"] or _only_chain(con)
        component = texts["component"] or _application(con, chain)
        field = texts["field"] or ("component_version" if texts["component"] else WHOLE_CHAIN)
        before = fetch(con, _PREVIOUS, [chain, component, field, at])
        if told.get("deployed_at") is None and before:
            last = Deploy(**before[0])
            if last.source == "recorded" and last.value == version:
                # It runs already: a pipeline that did not hear the answer asks again.
                return last
        deploy = Deploy(
            deploy_id=content_hash(chain, component, field, version, at.isoformat()),
            chain=chain,
            component=component,
            field=field,
            value=version,
            previous_value=texts["previous_version"] or (before[0]["value"] if before else None),
            deployed_at=at,
            source="recorded",
            note=texts["note"],
        )
        replace(con, "deploys", "deploy_id", [to_row(deploy)])
    return deploy


def _text(key: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST or not value.isprintable():
        raise ConfigError(f"{key} = {value!r:.80}: give a text of one line and at most {_LONGEST} characters")
    return value.strip()


def _time(value: Any, now: datetime) -> datetime:
    if value is None:
        return now
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        raise ConfigError(f"deployed_at = {value!r:.80}: give an ISO 8601 time such as 2026-03-16T00:10:00Z")
    at = utc(value)
    if at > now + _AHEAD:
        raise ConfigError(f"deployed_at = {at.isoformat()} is in the future")
    return at


def _only_chain(con: Connection) -> str:
    chains: list[str] = [
        row["chain"] for row in fetch(con, "SELECT DISTINCT chain FROM components ORDER BY 1")
    ]
    if len(chains) != 1:
        raise ConfigError(f"chain: say which one was deployed; known: {', '.join(chains) or 'none yet'}")
    return chains[0]


def _application(con: Connection, chain: str) -> str:
    found = fetch(con, _APPLICATION, [chain])
    if not found:
        raise ConfigError(
            f"component: no run has seen the application of chain {chain!r} yet; say which component it was"
        )
    name: str = found[0]["component"]
    return name
