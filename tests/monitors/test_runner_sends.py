"""A pass tells people what it found, whatever time it works with: a replay of March is news to that pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from run_world import HOUR, START, open_world, rows, store, traffic
from slack_listener import listening

from collectors.home import Home
from monitors.runner import run_pass

# The wall clock stands months after the traffic.
TODAY = datetime(2026, 11, 22, tzinfo=UTC)
GRACE = timedelta(minutes=10)


def test_an_incident_is_sent_and_its_end_too_with_a_clock_of_the_past(home: Home) -> None:
    context = open_world(home, "latency", clock=lambda: TODAY)
    store(context, traffic(range(48)) + traffic(range(48, 52), slow=6.0) + traffic(range(52, 72)))
    with listening() as slack:
        environ = {"CHAINWATCH_SLACK_WEBHOOK_URL": slack.url}
        first = run_pass(context, now=START + 51 * HOUR + GRACE, environ=environ)
        assert (first.opened, first.delivered) == (1, 1), rows(
            context, "SELECT state, reason FROM notifications"
        )
        last = run_pass(context, now=START + 72 * HOUR + GRACE, environ=environ)
        assert last.resolved == 1
        again = run_pass(context, now=START + 72 * HOUR + GRACE, environ=environ)
        assert again.delivered == 0
    assert [body["text"].split(" ")[1] for body in slack.taken] == ["Page:", "Resolved:"]
