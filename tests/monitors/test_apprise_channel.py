"""apprise, through its own JSON service to a local listener; and what is said where it is not installed."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from slack_listener import listening
from test_slack_payload import HOSTILE, RESOLVED, firing

from collectors.errors import ConfigError
from monitors.notify.channels.apprise import CHANNEL

SECOND = timedelta(seconds=1)


def test_title_text_and_kind() -> None:
    with listening() as listener:
        environ = {"CHAINWATCH_APPRISE_URL": listener.url.replace("http://", "json://")}
        notifier = CHANNEL.open(environ, timeout=5 * SECOND)
        assert notifier is not None
        assert notifier.send(firing(), key="k").outcome == "sent"
        notifier.send(firing(severity="ticket", title=HOSTILE), key="l")
        notifier.send(firing(**RESOLVED), key="m")
    page, ticket, resolved = listener.bodies
    assert page["title"].endswith("Page: Generator latency rose: p95 4.1 s against 1.9 s")
    assert "Component generator" in page["message"]
    assert "http://localhost:8501/incident?incident=0123456789ab" in page["message"]
    assert [b["type"] for b in listener.bodies] == ["failure", "warning", "success"]
    assert "<" not in ticket["title"] + ticket["message"]
    assert "It lasted 3 h 20 min" in resolved["message"]


def test_where_it_is_not_installed_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install 'chainwatch\[apprise\]'") as error:
        CHANNEL.open({"CHAINWATCH_APPRISE_URL": "discord://SECRET/SECRET"}, timeout=SECOND)
    assert "SECRET" not in str(error.value)
    assert CHANNEL.open({}, timeout=SECOND) is None
