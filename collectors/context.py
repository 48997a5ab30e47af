"""What every command works with: home, config, warehouse, clock, and how to answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from collectors.config import Config, load
from collectors.home import Home
from collectors.warehouse.connection import Warehouse


def system_clock() -> datetime:
    """Now, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Context:
    """Built once a command; injected everywhere, so that tests bring their own clock and folder."""

    home: Home
    config: Config
    as_json: bool = False
    clock: Callable[[], datetime] = field(default=system_clock)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.home.warehouse)

    def migrated(self) -> Warehouse:
        """The warehouse, made or brought to the newest schema."""
        from collectors.warehouse.migrate import migrate

        warehouse = Warehouse(self.home.create().warehouse)
        migrate(warehouse)
        return warehouse

    def answer(self, data: Any, text: str) -> None:
        """Print `data` under --json, else `text`."""
        click.echo(
            json.dumps(data, default=_jsonable, ensure_ascii=False, indent=2) if self.as_json else text
        )


def open_context(config_path: Path | None, *, as_json: bool = False, home: Home | None = None) -> Context:
    """The context of this call, from the environment and the command line."""
    home = home or Home.from_environment()
    return Context(home=home, config=load(config_path, home_config=home.config), as_json=as_json)


def _jsonable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    return str(value)
