"""`chainwatch alerts test`: one marked message through each route, and what became of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from collectors.context import Context
from collectors.errors import ChainwatchError, ConfigError
from collectors.options import command
from monitors.alerting.config import NotifyConfig
from monitors.alerting.routes import DEFAULT
from monitors.alerting.words import clock

_DASHBOARD = "http://localhost:8501"


@command(
    "test",
    examples=("chainwatch alerts test", "chainwatch alerts test --route search"),
)
@click.option(
    "--route", default=None, metavar="NAME", help="Only this route; `default` is what has no other."
)
def send_test(context: Context, route: str | None) -> None:
    """Send a test message through each route; say of each channel whether it took it.

    A channel that several routes share gets one message. Nothing is stored.
    """
    notify = context.config.section("notify", NotifyConfig)
    routes = _routes(notify, os.environ)
    if route is not None:
        if route not in routes:
            raise ConfigError(f"--route {route!r}: choose one of: {', '.join(routes)}")
        routes = {route: routes[route]}
    channels = list(dict.fromkeys(name for names in routes.values() for name in names))
    if not channels:
        raise ConfigError(_nothing(notify, route))
    by_channel = {name: [r for r, names in routes.items() if name in names] for name in channels}
    dashboard = str(context.config.raw.get("dashboard", {}).get("url", _DASHBOARD))
    answers = [
        _try(name, notify, os.environ, context.clock(), dashboard, for_routes)
        for name, for_routes in by_channel.items()
    ]
    for name, names in routes.items():
        if not names:
            answers.append(
                {"channel": None, "routes": [name], "outcome": "none", "error": "goes to no channel"}
            )
    context.answer(answers, "\n".join(_line(a, is_routed=bool(notify.routes)) for a in answers))
    failed = [str(a["channel"]) for a in answers if a["outcome"] not in ("sent", "none")]
    if failed:
        raise ChainwatchError(f"the test message did not arrive: {', '.join(failed)}")


def _routes(notify: NotifyConfig, environ: Mapping[str, str]) -> dict[str, list[str]]:
    """Each route with the channels that it names; the default last."""
    from monitors.notify.configured import CHANNELS

    found = {r.name: list(r.channels) for r in notify.routes}
    if notify.channels is not None:
        return {**found, DEFAULT: list(notify.channels)}
    return {**found, DEFAULT: [n for n, c in CHANNELS.all() if environ.get(c.variable, "").strip()]}


def _nothing(notify: NotifyConfig, route: str | None) -> str:
    from monitors.notify.configured import CHANNELS

    if route not in (None, DEFAULT):
        return f"--route {route!r} goes to no channel"
    if notify.channels is not None:
        return "notify.channels is empty: nothing is sent"
    needed = ", ".join(channel.variable for _, channel in CHANNELS.all())
    return f"no channel is configured; set one of: {needed}"


def _try(
    name: str,
    notify: NotifyConfig,
    environ: Mapping[str, str],
    now: datetime,
    dashboard: str,
    routes: list[str],
) -> dict[str, Any]:
    """One message to one channel; a channel that cannot be opened does not keep the others from it."""
    from monitors.notify.configured import open_channel, wanted

    answer: dict[str, Any] = {"channel": name, "routes": routes}
    try:
        notifier = open_channel(name, notify, environ, key=wanted(notify)[name])
    except ConfigError as error:
        return {**answer, "outcome": "not configured", "error": str(error)}
    if notifier is None:
        return {**answer, "outcome": "not configured", "error": "its environment is not set"}
    shown = f" Routes: {', '.join(routes)}." if notify.routes else ""
    notice = {
        "kind": "test",
        "title": "Test: Chainwatch can reach you here",
        "summary": f"A test from `chainwatch alerts test` at {clock(now)}. Nothing is wrong.{shown}",
        "links": {"dashboard": dashboard},
    }
    delivery = notifier.send(notice, key=f"test/{name}/{now.isoformat()}")
    return {**answer, "outcome": delivery.outcome, "error": delivery.error}


def _line(answer: Mapping[str, Any], *, is_routed: bool) -> str:
    said = "sent" if answer["outcome"] == "sent" else answer["error"]
    if answer["outcome"] == "sent" and answer["error"]:
        said = f"sent, but {answer['error']}"
    if answer["channel"] is None:
        return f"route {answer['routes'][0]}: {said}"
    where = f" (route {', '.join(answer['routes'])})" if is_routed else ""
    return f"{answer['channel']}{where}: {said}"
