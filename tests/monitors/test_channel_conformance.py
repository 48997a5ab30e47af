"""What holds for every channel there is; a new file in monitors/notify/channels/ is tested by being there."""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from channel_receivers import RECEIVERS, Receiver, Word
from delivering import Time, queue
from test_slack_payload import HOSTILE, RESOLVED, firing

from collectors.config import parse
from collectors.errors import ConfigError
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.alerting.config import NotifyConfig
from monitors.notify.base import Notifier
from monitors.notify.configured import CHANNELS, configured
from monitors.notify.deliver import deliver_pending

every_channel = pytest.mark.parametrize("name", CHANNELS.names())
INJECTION = "x\r\nBcc: victim@evil.example\r\n\r\n<script>alert(1)</script>"
PLACES = (
    *("component", "chain", "title", "summary", "deploy", "explained"),
    *("ruled_out", "measured", "monitor", "owner", "why"),
)


def opened(name: str, receiver: Receiver) -> Notifier:
    [notifier] = configured(NotifyConfig(channels=(name,), timeout=timedelta(seconds=5)), receiver.environ)
    return notifier


def test_every_channel_has_a_receiver_here() -> None:
    assert sorted(RECEIVERS) == CHANNELS.names()


@every_channel
@pytest.mark.parametrize(
    ("word", "outcome"),
    [("ok", "sent"), ("busy", "retry"), ("broken", "retry"), ("refused", "dead"), ("nonsense", "retry")],
)
def test_each_answer_has_its_outcome(name: str, word: Word, outcome: str) -> None:
    with RECEIVERS[name]([word]) as receiver:
        delivery = opened(name, receiver).send(firing(), key="k")
    if word == "refused" and not receiver.final:
        outcome = "retry"
    assert delivery.outcome == outcome
    assert (delivery.error is None) == (outcome == "sent")


@every_channel
def test_where_nobody_listens_it_is_tried_again(name: str) -> None:
    with RECEIVERS[name](["ok"]) as receiver:
        notifier = opened(name, receiver)
    assert notifier.send(firing(), key="k").outcome == "retry"


@every_channel
def test_each_attempt_of_a_message_bears_the_same_mark_and_another_message_another(name: str) -> None:
    other = firing(incident_id="ba9876543210", title="Another")
    with RECEIVERS[name](["broken", "ok"]) as receiver:
        notifier = opened(name, receiver)
        notifier.send(firing(), key="0123456789ab/firing/1/x")
        notifier.send(firing(), key="0123456789ab/firing/1/x")
        notifier.send(other, key="ba9876543210/firing/1/x")
        first, again, another = receiver.marks()
    assert first == again != another


@every_channel
def test_hostile_text_does_nothing(name: str) -> None:
    changes: dict[str, Any] = dict.fromkeys(PLACES, HOSTILE)
    examples = [{"text": HOSTILE, "why": HOSTILE}, {"text": INJECTION, "why": ""}]
    with RECEIVERS[name](["ok"]) as receiver:
        notifier = opened(name, receiver)
        moved = {"previous": {"component": HOSTILE, "severity": HOSTILE}, "kind": "update"}
        for more in ({}, moved, RESOLVED, {"title": INJECTION, "component": INJECTION}):
            sent = notifier.send(firing(**{**changes, "examples": examples, **more}), key=str(more)[:20])
            assert sent.outcome == "sent"
        texts = receiver.texts()
    assert len(texts) == 4
    assert "evil.example" in texts[0]
    for said in texts:
        assert "https://evil" not in said
        assert "www.evil" not in said
        assert "@here" not in said
        assert "victim@evil" not in said
        assert "\u202e" not in said
        assert "\x1b" not in said
        assert "\x00" not in said
        assert "A" * 700 not in said
        assert len(said) < 12_000


@every_channel
def test_no_channel_shows_its_secrets(
    name: str, warehouse: Warehouse, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through the outbox, at the most talkative log level, with a receiver that repeats all it knows."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    queue(warehouse, "a")
    with warehouse.write() as con:
        con.execute("UPDATE notifications SET channel = ?", [name])
    time = Time()
    notify = NotifyConfig(channels=(name,), timeout=timedelta(seconds=5))
    try:
        with caplog.at_level(logging.DEBUG), RECEIVERS[name](["busy", "broken", "refused"]) as receiver:
            notifier = opened(name, receiver)
            deliver_pending(warehouse, [notifier], time, notify=notify, sleep=time.sleep, random=Random(1))
            gone = notifier.send(firing(), key="k")
            config = parse(f'[notify]\nchannels = ["{name}"]', "c.toml")
            said = [repr(notifier), str(vars(config)), config.hash, str(notifier.render(firing())), str(gone)]
    finally:
        logging.getLogger().removeHandler(handler)
    with warehouse.read() as con:
        rows = fetch(con, "SELECT * FROM notifications") + fetch(con, "SELECT * FROM notification_attempts")
    assert len(rows) >= 3
    told = [*said, *map(str, rows), stream.getvalue(), caplog.text, *capsys.readouterr()]
    stored = Path(warehouse.path).read_bytes()
    for secret in receiver.secrets:
        assert secret not in " ".join(told)
        assert secret.encode() not in stored


@every_channel
def test_a_value_that_cannot_be_used_is_refused_without_being_shown(name: str) -> None:
    with RECEIVERS[name](["ok"]) as receiver:
        pass
    channel = CHANNELS.get(name)
    for value in receiver.bad_values:
        with pytest.raises(ConfigError) as error:
            channel.open({**receiver.environ, channel.variable: value}, timeout=timedelta(seconds=1))
        assert channel.variable in str(error.value)
        shown = str(error.value)
        for variable in channel.variables:
            shown = shown.replace(variable, "")
        assert "SECRET" not in shown


@every_channel
def test_the_test_message_arrives_and_says_what_it_is(name: str) -> None:
    notice = {"kind": "test", "title": "Test: Chainwatch can reach you", "summary": "A test.", "links": {}}
    with RECEIVERS[name](["ok"]) as receiver:
        notifier = opened(name, receiver)
        assert notifier.name == name
        assert notifier.send(notice, key="k").outcome == "sent"
        assert "Test: Chainwatch can reach you" in receiver.texts()[0]


@every_channel
def test_every_variable_is_documented(name: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "alerts" / "notifications.md"
    for variable in CHANNELS.get(name).variables:
        assert f"`{variable}`" in page.read_text("utf-8")
