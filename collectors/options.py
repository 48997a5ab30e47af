"""The options that every command takes: --config and --json."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from collectors.context import open_context


def command(
    name: str | None = None, *, examples: Sequence[str] = (), **settings: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """A click command whose function gets a `Context` first; adds --config and --json.

    `examples` are whole command lines, shown below the options.
    """
    # Also where it is called by itself: click keeps the first help option that it made.
    settings.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
    if examples:
        settings["epilog"] = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples)

    def decorate(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def invoke(config: Path | None, as_json: bool, **options: Any) -> Any:
            return function(open_context(config, as_json=as_json), **options)

        as_command: Callable[[Callable[..., Any]], click.Command] = click.command(name, **settings)
        made = as_command(invoke)
        made.params.extend(
            [
                click.Option(
                    ["--config"],
                    type=click.Path(path_type=Path, dir_okay=False),
                    help="chainwatch.toml to use  [default: ./chainwatch.toml, else CHAINWATCH_HOME's]",
                ),
                click.Option(["--json", "as_json"], is_flag=True, help="Answer in JSON on standard output."),
            ]
        )
        return made

    return decorate
