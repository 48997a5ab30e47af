"""The options that every command takes: --config and --json."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from collectors.context import open_context

F = TypeVar("F", bound=Callable[..., Any])


def command(name: str | None = None, **settings: Any) -> Callable[[F], click.Command]:
    """A click command whose function gets a `Context` first; adds --config and --json."""

    def decorate(function: F) -> click.Command:
        @functools.wraps(function)
        def invoke(config: Path | None, as_json: bool, **options: Any) -> Any:
            return function(open_context(config, as_json=as_json), **options)

        made = click.command(name, **settings)(invoke)
        made.params.extend(
            [
                click.Option(
                    ["--config"],
                    type=click.Path(path_type=Path, dir_okay=False),
                    help="chainwatch.toml to use [default: ./chainwatch.toml, then the one in CHAINWATCH_HOME]",
                ),
                click.Option(["--json", "as_json"], is_flag=True, help="Answer in JSON on standard output."),
            ]
        )
        return made

    return decorate
