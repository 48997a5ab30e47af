"""Which channels there are, and the webhook's signature."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from delivering import environ_of
from slack_listener import Listener, listening
from test_slack_payload import firing

from collectors.errors import ConfigError
from monitors.alerting.config import NotifyConfig
from monitors.notify.base import Notifier
from monitors.notify.configured import configured


def test_channels_follow_the_environment_and_the_configuration() -> None:
    assert configured(NotifyConfig(), {}) == []
    environ = {"CHAINWATCH_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x"}
    assert [n.name for n in configured(NotifyConfig(), environ)] == ["slack"]
    assert configured(NotifyConfig(channels=()), environ) == []
    with pytest.raises(ConfigError, match="CHAINWATCH_SLACK_WEBHOOK_URL is not set"):
        configured(NotifyConfig(channels=("slack",)), {})
    with pytest.raises(ConfigError, match="choose one of: apprise, email, pagerduty, slack, webhook"):
        configured(NotifyConfig(channels=("slak",)), {})


def _webhook(listener: Listener) -> Notifier:
    notify = NotifyConfig(channels=("webhook",), timeout=timedelta(seconds=5))
    [notifier] = configured(notify, environ_of(listener))
    return notifier


def test_the_webhook_is_signed_and_names_the_message() -> None:
    with listening() as listener:
        notifier = _webhook(listener)
        notifier.send(firing(), key="incident/firing/1/webhook")
    headers = listener.headers[0]
    assert headers["idempotency-key"] == "incident/firing/1/webhook"
    stamp, signature = (part.partition("=")[2] for part in headers["x-chainwatch-signature"].split(","))
    expected = hmac.new(b"hush-SECRET-hush", stamp.encode() + b"." + listener.raw[0], hashlib.sha256)
    assert signature == expected.hexdigest()


def test_the_documented_way_to_verify_a_signature_holds() -> None:
    page = (Path(__file__).parents[2] / "docs" / "alerts" / "notifications.md").read_text("utf-8")
    [code] = [b for b in page.split("```python\n")[1:] if "def is_ours" in b]
    names: dict[str, Any] = {}
    exec(code.split("```")[0], names)
    with listening() as listener:
        _webhook(listener).send(firing(), key="k")
    [body], signature = listener.raw, listener.headers[0]["x-chainwatch-signature"]
    is_ours = names["is_ours"]
    assert is_ours(body, signature, "hush-SECRET-hush")
    assert not is_ours(body + b" ", signature, "hush-SECRET-hush")
    assert not is_ours(body, signature, "another secret")
    assert not is_ours(body, signature, "hush-SECRET-hush", longest_s=-1)
    assert not is_ours(body, "nonsense", "hush-SECRET-hush")
