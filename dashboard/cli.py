"""The entry point `chainwatch`. Each command is imported when it is called, so that --help is quick."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import click

from collectors.errors import ChainwatchError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": (
        "dashboard.demo_cli:demo",
        "Generate sample logs with known incidents, monitor them, open the dashboard.",
    ),
    "ingest": ("collectors.cli:ingest", "Load log files, or what the spool holds, into the warehouse."),
    "serve": ("collectors.serve_cli:serve", "Receive OTLP over HTTP and gRPC."),
    "run": ("monitors.cli:run", "Evaluate every complete window since the last run (for cron)."),
    "alerts": ("monitors.alert_cli:alerts", "List firing alerts and open incidents."),
    "ack": ("monitors.alert_cli:ack", "Acknowledge an incident."),
    "assign": ("monitors.incident_cli:assign", "Give an incident to a person or a team."),
    "resolve": ("monitors.incident_cli:resolve", "Close an incident; say whether it was noise."),
    "postmortem": ("monitors.incident_cli:postmortem", "Export an incident as Markdown."),
    "silence": ("monitors.alert_cli:silence", "Silence alerts that match labels, for a while."),
    "deploy": ("collectors.deploy_cli:deploy", "Record that another version was deployed."),
    "backtest": ("monitors.backtest_cli:backtest", "Replay history with a candidate configuration."),
    "judge": ("monitors.judge_cli:judge", "Grade answers with the configured judge."),
    "compare": ("monitors.compare_cli:compare", "Compare two stretches of time from sketches."),
    "pairwise": ("monitors.pairwise_cli:pairwise", "Compare two models or versions with the LLM judge."),
    "label": ("monitors.label_cli:label", "Give answers to people to grade, and take their grades in."),
    "report": ("monitors.report_cli:report", "Write Evidently's HTML report of two windows."),
    "query": ("collectors.cli:query", "Run read-only SQL on the warehouse."),
    "status": ("monitors.status_cli:status", "Say what is stored, what ran last, and what is wrong."),
    "prune": ("collectors.retention.cli:prune", "Delete what is past its age limit; give the space back."),
    "forget": ("collectors.retention.forget_cli:forget", "Delete everything that is stored of one user."),
    "migrate": ("collectors.cli:migrate", "Bring the warehouse to the newest schema."),
    "dashboard": ("dashboard.serve_cli:dashboard", "Serve the dashboard on localhost."),
}


class LazyGroup(click.Group):
    """A group that imports a command only when it is used; help texts are kept here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="chainwatch")
def cli() -> None:
    """Chainwatch watches LLM chains in production.

    \b
    Start with:   chainwatch demo
    Then:         chainwatch ingest logs.jsonl && chainwatch run && chainwatch dashboard

    CHAINWATCH_HOME (default ./.chainwatch) holds the warehouse, the spool and the models.
    Exit codes: 0 done, 1 failed, 2 bad use or config, 3 an alert fires (run --fail-on-alert).
    """


def main() -> None:
    """Run the command line; errors that people can act on are printed without a traceback."""
    try:
        # Outside of standalone mode click hands back the code of ctx.exit(n) instead of leaving with it.
        code = cli(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except ChainwatchError as error:
        click.echo(f"chainwatch: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
