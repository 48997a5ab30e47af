"""What users say and do: how it is read, and what a pass makes of it, late feedback and none among it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from run_world import HOUR, START, decided, only, open_world, rows, store

from collectors.config import parse
from collectors.context import Context
from collectors.home import Home
from collectors.ingest_batch import Batch, store_batch
from collectors.model import Feedback, Span
from monitors.judges.feedback import FeedbackConfig, ScaleConfig, Signal, is_unhappy, satisfaction
from monitors.judges.feedback import scale_of_values as scale_of
from monitors.runner import run_pass
from monitors.sampling_feedback import RawFeedback, feedback_extras
from monitors.streams import FEEDBACK_FIELDS

GRACE = timedelta(minutes=6)
MINUTE = timedelta(minutes=1)
CHECKS = ("feedback", "retries", "abandoned")


def signal(score: float | None = None, label: str | None = None, **more: object) -> Signal:
    said = {"name": "thumbs", "user_id": "u", "created_at": START, "score": score, "label": label} | more
    return Signal(**said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "scale", "content"),
    [
        (signal(1), scale_of(0, 1), 1.0),
        (signal(0), scale_of(0, 1), 0.0),
        (signal(0), scale_of(-1, 1), 0.5),
        (signal(2, name="stars"), scale_of(1, 5), 0.25),
        (signal(9, name="nps"), scale_of(0, 10), 0.9),
        (signal(2, name="csat"), ScaleConfig(worst=5, best=1), 0.75),
        (signal(label="Thumbs-Down"), None, 0.0),
        (signal(label="not helpful"), None, 0.0),
        (signal(label="👍"), None, 1.0),
        (signal(1, name="complaint"), scale_of(0, 1), 0.0),
        (signal(1, label="correction"), scale_of(0, 1), 0.0),
        (signal(label="Paris", name="user-correction"), None, 0.0),
        (signal(label="the 3rd option"), None, None),
        (signal(740), scale_of(0, 740), None),
        (signal(1, name="correctness"), scale_of(0, 1), 1.0),
    ],
)
def test_signals_are_read_as_their_platform_means_them(
    said: Signal, scale: ScaleConfig | None, content: float | None
) -> None:
    assert satisfaction(said, scale) == content


def test_of_one_answer_the_last_thumb_counts_and_the_mean_of_what_was_said() -> None:
    scales = {"thumbs": ScaleConfig(worst=0, best=1), "stars": ScaleConfig(worst=1, best=5)}
    changed = [signal(0, created_at=START + HOUR), signal(1)]
    assert is_unhappy(changed, scales) is True
    assert is_unhappy(changed[1:], scales) is False
    # One of two is unhappy: the mean is in the middle, and the middle is not unhappy.
    assert is_unhappy([signal(0), signal(1, user_id="v")], scales) is False
    assert is_unhappy([signal(0), signal(3, name="stars")], scales) is True
    assert is_unhappy([signal(label="hm")], scales) is None


def test_only_the_feedback_that_is_named_counts() -> None:
    assert FeedbackConfig(names=("thumbs*",)).counts("thumbs-up")
    assert not FeedbackConfig(names=("thumbs*",)).counts("correctness")


def test_another_way_to_read_signals_is_another_series() -> None:
    row = {"chain": "c", "component": "a", "bucket": 1, "trace_id": "t", "span_id": "s"}
    raw = RawFeedback(unhappy=[row | {"value": 1.0, "n_rows": 1}])
    configs = [
        FeedbackConfig(),
        FeedbackConfig(names=("thumbs*",)),
        FeedbackConfig(scales={"csat": ScaleConfig(worst=1, best=7)}),
        FeedbackConfig(scales={"csat": ScaleConfig(worst=7, best=1)}),
    ]
    bases = [next(feedback_extras(raw, config)).basis for config in configs]
    assert bases[0] == "signals"
    assert len(set(bases)) == 4


def asked(
    at: datetime, name: str, *, words: str | None = None, session: str | None = None, **more: object
) -> Span:
    """One request of an application without parts."""
    said = {"status": "ok", "duration_s": 1.0, "output_text": "thanks card"} | more
    return Span(
        trace_id=name.ljust(32, "0"),
        span_id="a",
        chain="support",
        component="assistant",
        kind="chain",
        name="ask",
        started_at=at,
        input_text=words or f"refund {name} please",
        session_id=session,
        source="test",
        ingested_at=at,
        **said,  # type: ignore[arg-type]
    )


def requests(hours: range, *, a_window: int = 10) -> list[Span]:
    return [
        asked(START + hour * HOUR + MINUTE * (60 * (i + 0.5) / a_window), f"{hour:04x}{i:04x}")
        for hour in hours
        for i in range(a_window)
    ]


def thumbs(spans: Sequence[Span], down: float, *, seed: int = 0, later: timedelta = MINUTE) -> list[Feedback]:
    """One thumb an answer."""
    rng = np.random.default_rng(seed)
    return [
        Feedback(
            feedback_id=f"f{span.trace_id}",
            trace_id=span.trace_id,
            score=float(rng.random() >= down),
            created_at=span.started_at + later,
        )
        for span in spans
    ]


def said(context: Context, feedback: Sequence[Feedback], at: datetime) -> None:
    with context.warehouse.write() as con:
        store_batch(con, Batch(feedback=list(feedback)), now=at)


def at_hour(hour: int) -> datetime:
    return START + hour * HOUR + GRACE


def test_without_feedback_there_is_no_data_and_nothing_to_be_ok_about(home: Home) -> None:
    context = world(home)
    store(context, requests(range(26), a_window=1))
    assert run_pass(context, now=at_hour(26), deliver=False).results == 0
    fields = {row["field"] for row in rows(context, "SELECT DISTINCT field FROM samples")}
    assert not fields & set(FEEDBACK_FIELDS)
    assert not rows(context, "SELECT * FROM number_sketches WHERE field LIKE 'feedback.%'")
    # Somebody speaks, and falls silent again: no data, and not a share of zero.
    said(context, thumbs(requests(range(25, 26), a_window=1), 0.0), at_hour(26))
    store(context, requests(range(26, 28), a_window=1))
    run_pass(context, now=at_hour(28), deliver=False)
    found = rows(context, "SELECT status, value FROM results WHERE field = 'feedback.unhappy'")
    assert found
    assert {(row["status"], row["value"]) for row in found} == {("no_data", None)}


# Windows of six hours: a week of them is learnt from, and the thumbs turn down on its last day.
SIX = 6 * HOUR
TURN, END = 7 * 24, 8 * 24


def config() -> str:
    """A configuration in which these checks alone run."""
    return only(*CHECKS) + "".join(f"[monitors.{name}]\nenabled = true\n" for name in CHECKS)


def world(home: Home) -> Context:
    return replace(open_world(home, *CHECKS), config=parse(config(), "chainwatch.toml"))


def slow_world(home: Home) -> Context:
    context = world(home)
    text = config().replace('reference = "1d"', 'length = "6h"\nreference = "7d"')
    return replace(context, config=parse(text, "chainwatch.toml"))


def turned() -> tuple[list[Span], list[Feedback]]:
    spans = requests(range(END), a_window=4)
    good = [s for s in spans if s.started_at < START + TURN * HOUR]
    return spans, [*thumbs(good, 0.1), *thumbs(spans[len(good) :], 0.9, seed=1)]


@pytest.fixture(scope="module")
def in_time(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Where every thumb was stored before its window was evaluated; only looked at."""
    context = slow_world(Home(root=tmp_path_factory.mktemp("thumbs")).create())
    spans, feedback = turned()
    store(context, spans)
    said(context, feedback, at_hour(TURN))
    for hour in (TURN, END):
        run_pass(context, now=at_hour(hour), deliver=False)
    return context


def test_unhappier_users_are_a_breach_with_their_answers(in_time: Context) -> None:
    (first, *_) = rows(
        in_time,
        "SELECT * FROM results WHERE field = 'feedback.unhappy' AND status = 'breach' ORDER BY window_start",
    )
    assert START + TURN * HOUR <= first["window_start"] <= START + (TURN + 12) * HOUR
    assert (first["check_name"], first["concern"], first["component"]) == ("feedback", "quality", "assistant")
    assert first["value"] > 0.3
    assert "unhappy:" in first["reason"]
    examples = json.loads(first["evidence"])["examples"]
    assert {e["text"] for e in examples} == {"thanks card"}
    assert len(rows(in_time, "SELECT * FROM incidents WHERE cause = 'quality'")) == 1
    (kept,) = rows(
        in_time,
        "SELECT total, list_sum(counts) AS n FROM number_sketches WHERE field = 'feedback.unhappy' "
        f"AND window_start = '{START + TURN * HOUR}'",
    )
    given = [f for f in turned()[1] if START + TURN * HOUR <= f.created_at < START + TURN * HOUR + SIX]
    assert (float(kept["total"]), kept["n"]) == (sum(f.score == 0 for f in given), len(given))


def test_feedback_that_is_stored_late_changes_what_it_would_have_changed(
    home: Home, in_time: Context
) -> None:
    context = slow_world(home)
    spans, feedback = turned()
    store(context, spans)
    early = [f for f in feedback if f.created_at < START + (TURN - 2) * HOUR]
    said(context, early, at_hour(TURN))
    for hour in (TURN, END - 6):
        run_pass(context, now=at_hour(hour), deliver=False)
    assert not rows(context, "SELECT * FROM results WHERE status = 'breach'")
    said(context, feedback[len(early) :], at_hour(END))
    run_pass(context, now=at_hour(END), deliver=False)
    told = [[r for r in decided(c) if r["status"] == "breach"] for c in (context, in_time)]
    assert [(r["window_start"], r["value"], r["p_value"]) for r in told[0]] == [
        (r["window_start"], r["value"], r["p_value"]) for r in told[1]
    ]
    assert len(rows(context, "SELECT * FROM incidents")) == 1
    # Nothing more came, so nothing is done again.
    assert run_pass(context, now=at_hour(END), deliver=False).windows == 0


def test_what_is_said_long_after_the_answer_counts_when_it_is_said(home: Home) -> None:
    context = world(home)
    spans = requests(range(28), a_window=1)
    store(context, spans)
    said(context, thumbs(spans[:5], 1.0, later=20 * HOUR), at_hour(28))
    counted = "SELECT window_start, n FROM samples WHERE field = 'feedback.unhappy' ORDER BY 1"
    short = parse(config() + '[feedback]\nreach = "19h"\n', "chainwatch.toml")
    run_pass(replace(context, config=short), now=at_hour(28), deliver=False)
    assert not rows(context, counted), "too long after its answer"
    run_pass(context, now=at_hour(28), since=START, deliver=False)
    assert rows(context, counted) == [{"window_start": START + hour * HOUR, "n": 1} for hour in range(20, 25)]


def test_a_question_asked_again_is_a_retry_of_the_answer_before(home: Home) -> None:
    context = world(home)
    first = asked(START + MINUTE, "a1", words="How do I get a refund for my card?", session="s1")
    again = asked(START + 3 * MINUTE, "a2", words="how do i get a REFUND for my card", session="s1")
    other = asked(START + 4 * MINUTE, "a3", words="And where is my invoice?", session="s1")
    late = asked(START + 30 * MINUTE, "a4", words="And where is my invoice?", session="s1")
    stranger = asked(START + 5 * MINUTE, "b1", words="And where is my invoice?", session="s2")
    nobody = asked(START + 6 * MINUTE, "c1", words="And where is my invoice?")
    store(context, [first, again, other, late, stranger, nobody])
    run_pass(context, now=at_hour(2), deliver=False)
    (found,) = rows(context, "SELECT n, keys FROM samples WHERE field = 'feedback.retried'")
    # Everybody who is known counts, and the key of a retry is that of the answer that did not do.
    assert found["n"] == 5
    assert sorted(found["keys"]) == sorted(f"{s.trace_id}/a" for s in (first, first, other, late, stranger))
    (kept,) = rows(context, "SELECT total FROM number_sketches WHERE field = 'feedback.retried'")
    assert float(kept["total"]) == 1.0


def test_a_session_is_left_when_it_ends_on_a_bad_answer(home: Home) -> None:
    context = world(home)
    store(
        context,
        [
            asked(START + MINUTE, "a1", session="went on", status="error"),
            asked(START + 9 * MINUTE, "a2", session="went on"),
            asked(START + MINUTE, "b1", session="failed", status="error"),
            asked(START + MINUTE, "c1", session="slow", duration_s=25.0),
            asked(
                START + MINUTE, "d1", session="refused", output_text="I'm sorry, but I can't help with that."
            ),
            asked(START + 50 * MINUTE, "e1", session="ends in the next window", status="error"),
        ],
    )
    run_pass(context, now=at_hour(2), deliver=False)
    found = rows(
        context,
        "SELECT window_start, total, list_sum(counts) AS n FROM number_sketches "
        "WHERE field = 'feedback.abandoned' ORDER BY 1",
    )
    assert [(r["window_start"], float(r["total"]), r["n"]) for r in found] == [
        (START, 3.0, 4),
        (START + HOUR, 1.0, 1),
    ]
