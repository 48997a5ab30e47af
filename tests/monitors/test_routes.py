"""Which incident goes to which channel, and who hears how it goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.config import parse
from collectors.errors import ConfigError
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.alerting.incident import Incident
from monitors.alerting.outbox import queue
from monitors.notify.configured import CHANNELS, configured

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
LABELS = {"chain": "support", "component": "retriever", "cause": "quality", "severity": "page", "owner": ""}
OPENED = ("pagerduty", "slack", "slack:search")
CONFIG = """
[notify]
channels = ["slack"]

[[notify.routes]]
name = "search pages"
match = {severity = "page", component = "retr*"}
channels = ["pagerduty", "slack:search"]

[[notify.routes]]
name = "tickets of nobody"
match = {severity = "ticket", owner = ""}
channels = []
"""


def notify_of(text: str = CONFIG) -> NotifyConfig:
    return parse(text, "chainwatch.toml").section("notify", NotifyConfig)


def incident(**changes: Any) -> Incident:
    made = Incident(
        incident_id="0123456789ab",
        chain="support",
        component="retriever",
        cause="quality",
        title="t",
        summary="s",
        severity="page",
        state="open",
        started_at=NOW,
        started_at_low=None,
        started_at_high=None,
        detected_at=NOW,
        updated_at=NOW,
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["pagerduty", "slack:search"]),
        ({"component": "generator"}, ["slack"]),
        ({"severity": "ticket"}, []),
        ({"severity": "ticket", "owner": "dana"}, ["slack"]),
    ],
)
def test_the_first_route_that_matches_decides(changes: dict[str, str], expected: list[str]) -> None:
    assert notify_of().channels_for({**LABELS, **changes}, OPENED) == expected


def test_without_channels_the_default_is_all_but_those_with_a_name_of_their_own() -> None:
    assert NotifyConfig().channels_for(LABELS, OPENED) == ["pagerduty", "slack"]


ROUTE = '[[notify.routes]]\nname = "{0}"\nmatch = {{{1}}}\nchannels = [{2}]\n'


@pytest.mark.parametrize(
    ("route", "says"),
    [
        (("a", 'team = "x"', ""), "notify.routes.0.match"),
        (
            ("a", 'team = "x"', ""),
            "'team'; choose one of: chain, component, cause, severity, owner",
        ),
        (("a", 'severity = "critical"', ""), "matches nothing; choose one of: page, ticket"),
        (("a", 'cause = "speed"', ""), "choose one of: input, output, latency, errors, cost, quality"),
        (("a", "", ""), "notify.routes.0.match"),
        (("default", 'chain = "x"', ""), "choose another name"),
    ],
)
def test_a_mistake_in_a_route_names_the_key_and_the_choices(route: tuple[str, ...], says: str) -> None:
    with pytest.raises(ConfigError, match=r"chainwatch\.toml") as error:
        parse(ROUTE.format(*route), "chainwatch.toml")
    assert says in str(error.value)


def test_an_unknown_key_of_a_route_names_the_choices() -> None:
    text = ROUTE.format("a", 'chain = "x"', "").replace("match", "matches")
    said = r"'notify.routes.0.matches'; choose one of: channels, group_by, match, name"
    with pytest.raises(ConfigError, match=said):
        parse(text, "c.toml")


def test_two_routes_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two routes are called 'a'"):
        parse(ROUTE.format("a", 'chain = "x"', "") * 2, "c.toml")


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ("slak", r"notify.routes.0.channels: unknown channel 'slak'; choose one of: "),
        ("slack", "notify.routes.0.channels names 'slack', but CHAINWATCH_SLACK_WEBHOOK_URL is not set"),
        ("slack:search", "'slack:search', but CHAINWATCH_SLACK_WEBHOOK_URL_SEARCH is not set"),
        ("slack:", "after the colon stand small letters"),
        ("slack:Search", "after the colon stand small letters"),
    ],
)
def test_a_route_to_a_channel_that_is_not_there(channel: str, says: str) -> None:
    notify = notify_of(ROUTE.format("a", 'chain = "x"', f'"{channel}"'))
    with pytest.raises(ConfigError, match=says):
        configured(notify, {})


def test_a_channel_of_its_own_has_its_own_address_and_shares_the_rest() -> None:
    text = ROUTE.format("a", 'chain = "x"', '"webhook:search"')
    environ = {
        "CHAINWATCH_WEBHOOK_URL": "https://one.example.org/x",
        "CHAINWATCH_WEBHOOK_SECRET": "shared",
        "CHAINWATCH_WEBHOOK_URL_SEARCH": "https://two.example.org/x",
    }
    first, second = configured(notify_of(text), environ)
    assert (first.name, second.name) == ("webhook", "webhook:search")
    inner = vars(vars(second)["notifier"])
    assert (inner["_url"], inner["_secret"]) == ("https://two.example.org/x", b"shared")
    assert "two.example" not in repr(second)


def play(
    warehouse: Warehouse, *steps: Incident, notify: NotifyConfig | None = None
) -> list[tuple[str, str, str]]:
    """Queue each step of one incident; what the outbox holds afterwards."""
    before: dict[str, Incident] = {}
    with warehouse.write() as con:
        for step in steps:
            queue(
                con,
                before,
                [step],
                now=NOW,
                as_of=NOW,
                channels=OPENED,
                notify=notify_of(),
                settings=AlertsConfig(),
                dashboard_url="http://localhost:8501",
            )
            con.execute("UPDATE notifications SET state = 'sent' WHERE state = 'pending'")
            before = {step.incident_id: step}
        rows = fetch(con, "SELECT channel, kind, state FROM notifications ORDER BY rowid")
    return [(row["channel"], row["kind"], row["state"]) for row in rows]


def test_an_incident_goes_where_its_route_says(warehouse: Warehouse) -> None:
    assert play(warehouse, incident(), incident(state="resolved", resolved_at=NOW)) == [
        ("pagerduty", "firing", "sent"),
        ("slack:search", "firing", "sent"),
        ("pagerduty", "resolved", "sent"),
        ("slack:search", "resolved", "sent"),
    ]


def test_a_ticket_that_becomes_a_page_is_new_to_the_pager(warehouse: Warehouse) -> None:
    ticket = incident(severity="ticket", owner="dana")
    page = incident(owner="dana")
    done = replace(page, state="resolved", resolved_at=NOW)
    assert play(warehouse, ticket, page, done) == [
        ("slack", "firing", "sent"),
        ("pagerduty", "firing", "sent"),
        ("slack", "update", "sent"),
        ("slack:search", "firing", "sent"),
        ("pagerduty", "resolved", "sent"),
        ("slack", "resolved", "sent"),
        ("slack:search", "resolved", "sent"),
    ]


def test_what_goes_nowhere_is_stored_with_the_route_as_the_reason(warehouse: Warehouse) -> None:
    assert play(warehouse, incident(severity="ticket")) == [("none", "firing", "suppressed")]
    with warehouse.read() as con:
        [row] = fetch(con, "SELECT reason FROM notifications")
    assert row["reason"] == "the route 'tickets of nobody' goes to no channel"


def test_names_of_channels_hold_no_colon() -> None:
    """It stands before a name of one's own."""
    assert not [name for name in CHANNELS.names() if ":" in name]
