"""`chainwatch dashboard`."""

from __future__ import annotations

import click

from collectors.context import Context
from collectors.options import command
from dashboard.config import DashboardConfig


@command(
    "dashboard",
    examples=(
        "chainwatch dashboard",
        "chainwatch dashboard --port 8600 --no-browser",
    ),
)
@click.option("--host", default=None, help="Address to listen on [default: 127.0.0.1, or [dashboard] host].")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=None, help="Port [default: 8501, or [dashboard] port]."
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--without-login", is_flag=True, help="Listen beyond localhost although nobody has to sign in.")
def dashboard(
    context: Context, host: str | None, port: int | None, *, no_browser: bool, without_login: bool
) -> None:
    """Serve the dashboard on localhost until Ctrl-C.

    It opens on the open incident if there is one, else on the overview. For other machines, let people sign
    in with [dashboard.auth].
    """
    settings = context.config.section("dashboard", DashboardConfig)
    from dashboard.serve import serve_dashboard

    serve_dashboard(
        context,
        host=host or settings.host,
        port=port or settings.port,
        browser=not no_browser,
        without_login=without_login,
    )
