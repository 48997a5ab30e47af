"""Alerts are sent first; then the transformer ranks the texts that explain them, holding no lock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import tiny_encoder
from run_world import HOUR, START, only, open_world, request, rows, store
from slack_listener import Listener, listening

from collectors.config import parse
from collectors.context import Context
from collectors.errors import ConfigError
from collectors.home import Home
from collectors.model import Span
from collectors.warehouse import Warehouse
from monitors import explain_refine, explain_reread
from monitors.run_summary import RunSummary
from monitors.runner import run_pass

GRACE = timedelta(minutes=6)
OLD, NEW = tiny_encoder.WORDS[:6], tiny_encoder.WORDS[4:]


class Stub:
    """A transformer that knows new words; `before` is called each time before it reads."""

    identity, dimensions = "stub/transformer", len(tiny_encoder.WORDS)

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.times, self._before = 0, before

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self._before()
        self.times += 1
        found = np.array([[text.split().count(w) for w in tiny_encoder.WORDS] for text in texts])
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def asked(hours: range, words: Sequence[str]) -> list[Span]:
    """Twelve requests an hour, each of six of `words`."""
    spans: list[Span] = []
    for hour in hours:
        rng = np.random.default_rng(hour)
        for i in range(12):
            at = START + hour * HOUR + timedelta(minutes=5 * i)
            said = " ".join(rng.choice(words, 6))
            spans += request(f"{hour:04x}{i:04x}", at, rng=rng, slow=1.0, words=said)
    return spans


@pytest.fixture
def world(home: Home) -> Context:
    """Usual questions for 66 hours, then others for six."""
    toml = only("embedding_distance").replace("sample_per_window = 8", "sample_per_window = 12")
    context = replace(open_world(home, "embedding_distance"), config=parse(toml, "chainwatch.toml"))
    store(context, [*asked(range(66), OLD), *asked(range(66, 72), NEW)])
    return context


@pytest.fixture
def slack() -> Iterator[Listener]:
    with listening() as found:
        yield found


def use(monkeypatch: pytest.MonkeyPatch, stub: Callable[[], Any]) -> None:
    monkeypatch.setattr(explain_reread, "_transformer", lambda model: stub())


def run(context: Context, slack: Listener, *, hours: int = 72) -> RunSummary:
    environ = {"CHAINWATCH_SLACK_WEBHOOK_URL": slack.url}
    return run_pass(context, now=START + hours * HOUR + GRACE, environ=environ)


def rankings(context: Context) -> list[dict[str, Any]]:
    """Of every result, alert and incident that ranks texts."""
    sql = " UNION ALL ".join(f"SELECT evidence FROM {t}" for t in ("results", "alerts", "incidents"))
    told = [json.loads(r["evidence"]) for r in rows(context, sql) if r["evidence"]]
    return [e["ranking"] for e in told if e.get("ranking")]


def test_alerts_are_sent_before_the_transformer_reads_and_then_all_say_it_ranked(
    world: Context, slack: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def free() -> None:
        # Somebody else writes: nothing is locked while the transformer reads.
        with Warehouse(world.home.warehouse, wait_s=0.2).write():
            sent.append(len(slack.taken))

    use(monkeypatch, lambda: Stub(free))
    done = run(world, slack)
    assert done.refined > 0
    assert sent
    assert min(sent) == done.delivered >= 1
    found = rankings(world)
    assert not any(r["due"] for r in found)
    # Explanations of few texts are not read again, and do not say that they were.
    assert {r["reread"] for r in found if r["by"] == "stub/transformer"} == {True}
    assert not any(r["reread"] for r in found if r["by"] != "stub/transformer")
    assert len(rows(world, "SELECT 1 FROM results WHERE json_exists(evidence, '$.to_read')")) == 0
    [incident, *_] = rows(world, "SELECT evidence FROM incidents")
    [alert] = rows(
        world,
        "SELECT alerts.evidence FROM alerts, incidents "
        "WHERE alert_id = json_extract_string(incidents.evidence, '$.lead.alert_id')",
    )[:1]
    shown, kept = (json.loads(r["evidence"])["examples"] for r in (incident, alert))
    assert [e["text"] for e in shown] == [e["text"] for e in kept]
    again = run(world, slack)
    assert (again.refined, again.delivered) == (0, 0)


def test_a_run_that_is_killed_while_it_reads_is_taken_up_by_the_next(
    world: Context, slack: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    use(monkeypatch, lambda: Stub(killed))
    with pytest.raises(KeyboardInterrupt):
        run(world, slack)
    assert len(slack.taken) == 1
    assert any(r["due"] for r in rankings(world))
    use(monkeypatch, Stub)
    # No window is new: what is left is done all the same, and nobody is told twice.
    done = run(world, slack)
    assert (done.windows, done.delivered) == (0, 0)
    assert done.refined > 0
    assert any(r["reread"] for r in rankings(world))
    assert not any(r["due"] for r in rankings(world))


def test_a_run_that_is_killed_before_it_sends_is_sent_by_the_next(
    world: Context, slack: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    use(monkeypatch, Stub)
    with monkeypatch.context() as once:
        once.setattr("monitors.runner.deliver_pending", killed)
        with pytest.raises(KeyboardInterrupt):
            run(world, slack)
    assert slack.taken == []
    done = run(world, slack)
    assert (done.windows, done.delivered, done.refined > 0) == (0, 1, True)


def test_what_is_over_the_budget_says_so_and_is_left_to_the_next_run(
    world: Context, slack: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Stub)
    monkeypatch.setattr(
        "monitors.runner.Refiner", lambda **given: explain_refine.Refiner(**given, budget_s=0.0)
    )
    assert run(world, slack).refined == 0
    assert any(r["due"] for r in rankings(world))
    assert not any(r["reread"] for r in rankings(world))
    monkeypatch.undo()
    use(monkeypatch, Stub)
    # One more hour carries the explanation of before; both are told anew.
    store(world, asked(range(72, 73), NEW))
    assert run(world, slack, hours=73).refined > 0
    assert any(r["reread"] for r in rankings(world))
    assert not any(r["due"] for r in rankings(world))


def test_without_the_model_they_stay_as_they_are_and_are_not_due(
    world: Context, slack: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise ConfigError("not installed")

    use(monkeypatch, gone)
    assert run(world, slack).refined == 0
    found = rankings(world)
    assert found
    assert not any(r["due"] or r["reread"] or "transformer" in r["by"] for r in found)


def test_texts_that_are_gone_leave_the_quick_ranking(
    world: Context, slack: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    use(monkeypatch, lambda: Stub(killed))
    with pytest.raises(KeyboardInterrupt):
        run(world, slack)
    with world.warehouse.write() as con:
        con.execute("UPDATE spans SET input_text = NULL, output_text = NULL")
    use(monkeypatch, Stub)
    assert run(world, slack).refined == 0
    assert not any(r["due"] or r["reread"] for r in rankings(world))


@pytest.mark.slow
def test_the_packaged_model_ranks(world: Context, slack: Listener) -> None:
    assert run(world, slack).refined > 0
    by = {r["by"] for r in rankings(world) if r["reread"]}
    assert len(by) == 1
    assert by.pop().endswith("/transformer/float32/numpy")
