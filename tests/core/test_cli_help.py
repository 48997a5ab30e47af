"""The help of every command, as people read it.

`python tests/core/test_cli_help.py` rewrites the golden files.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from fresh_interpreter import imported_by

from dashboard.cli import COMMANDS, cli

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "help"
CALLS = {"chainwatch": [], **{name: [name] for name in COMMANDS}}


def help_of(arguments: list[str]) -> str:
    result = CliRunner().invoke(cli, [*arguments, "--help"], prog_name="chainwatch", terminal_width=100)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("name", list(CALLS))
def test_help_is_as_written(name: str) -> None:
    assert help_of(CALLS[name]) == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_takes_config_and_json_and_shows_an_example(name: str) -> None:
    text = help_of([name])
    assert "--config" in text
    assert "--json" in text
    assert text.count(f"chainwatch {name}") >= 2, "the usage line and at least one example"


def test_help_does_not_import_what_is_heavy() -> None:
    code = (
        "from click.testing import CliRunner\nfrom dashboard.cli import cli\n"
        "CliRunner().invoke(cli, ['--help'])"
    )
    assert imported_by(code, ("torch", "pandas", "streamlit", "sklearn", "scipy", "duckdb")) == []


def main() -> None:
    """Rewrite the golden files."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, arguments in CALLS.items():
        (GOLDEN / f"{name}.txt").write_text(help_of(arguments), "utf-8")


if __name__ == "__main__":
    main()
