"""The backtest page's reads: reports that `chainwatch backtest` kept, as files in the home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.home import Home
from collectors.model import utc
from monitors.backtest import saved


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A stretch of time at a component: a known incident, or one of the replay.

    Attributes:
        component: '' where a known incident names none. ended_at: None, it still goes on.
        verdict: of the replay's: detected, duplicate, wrong component, false alarm, or '' where nothing was
            known; of known ones: detected or missed.
    """

    id: str
    component: str
    title: str
    started_at: datetime
    ended_at: datetime | None
    verdict: str
    delay_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """One report, as the page draws it."""

    name: str
    made_at: datetime
    start: datetime
    end: datetime
    config: str
    windows: int
    monitors: Sequence[str]
    found: tuple[Spell, ...]
    known: tuple[Spell, ...] | None
    alerts: tuple[Mapping[str, Any], ...]
    messages: Mapping[str, int]
    messages_a_week: float | None
    not_replayed: Sequence[str]


def names(home: Home) -> list[str]:
    """The reports there are, newest first."""
    return saved.names(home)


def backtest(home: Home, name: str) -> Backtest | None:
    """One report; None when it is gone or is none."""
    raw = saved.load(home, name)
    if raw is None:
        return None
    try:
        return _read(name, raw)
    except (KeyError, TypeError, ValueError):
        return None


def _read(name: str, raw: Mapping[str, Any]) -> Backtest:
    known = None
    if raw["known"] is not None:
        known = tuple(
            Spell(
                id=str(one["id"]),
                component=one["component"] or "",
                title=str(one["id"]),
                started_at=_at(one["started_at"]),
                ended_at=_at(one["ended_at"]) if one["ended_at"] else None,
                verdict="detected" if one["detected"] else "missed",
                delay_s=one["delay_s"],
            )
            for one in raw["known"]
        )
    return Backtest(
        name=name,
        made_at=_at(raw["made_at"]),
        start=_at(raw["start"]),
        end=_at(raw["end"]),
        config=str(raw["config"]),
        windows=int(raw["windows"]),
        monitors=tuple(map(str, raw["monitors"])),
        found=tuple(_found(one, raw) for one in raw["incidents"]),
        known=known,
        alerts=tuple(
            {**one, "fired_at": _at(one["fired_at"]), "resolved_at": _maybe(one["resolved_at"])}
            for one in raw["alerts"]
        ),
        messages={str(state): int(n) for state, n in raw["messages"].items()},
        messages_a_week=raw["messages_a_week"],
        not_replayed=tuple(map(str, raw["not_replayed"])),
    )


def _found(one: Mapping[str, Any], raw: Mapping[str, Any]) -> Spell:
    verdict = ""
    if raw["known"] is not None:
        lists = {
            "duplicates": "duplicate",
            "wrong_component": "wrong component",
            "false_alarms": "false alarm",
        }
        verdict = next((word for key, word in lists.items() if one["incident_id"] in raw[key]), "detected")
    return Spell(
        id=one["incident_id"],
        component=one["component"],
        title=one["title"],
        started_at=_at(one["detected_at"]),
        ended_at=_maybe(one["resolved_at"]),
        verdict=verdict,
    )


def _at(value: str) -> datetime:
    return utc(datetime.fromisoformat(value))


def _maybe(value: str | None) -> datetime | None:
    return None if value is None else _at(value)
