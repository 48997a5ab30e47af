"""Whatever an endpoint does, every answer is accounted for: graded, or unscored or left out with a reason.

Each case is one run of twelve answers against a scripted endpoint; `pytest -s` prints them as the table of
docs/judges/llm-judge.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from judge_support import NOW, span, warehouse_with
from scripted_llm import Reply, ScriptedLlm, grades, scripted_llm

from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.judges.config import JudgeConfig
from monitors.judges.llm_run import LlmRun, draw_sample, judge_sample
from monitors.judges.rubric import load_rubric

SPANS, CALLS, TOKENS = 12, 16, 200_000
USAGE = (700, 60)
GOOD = Reply(content=grades(), usage=USAGE)
CHECK = "check base_url and model = '404' in [judge]"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the endpoint does, and what has to come of it."""

    replies: Callable[[int], Reply]
    graded: int
    unscored: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    calls: int = SPANS
    settings: dict[str, Any] = field(default_factory=dict)


def every_third(reply: Reply) -> Callable[[int], Reply]:
    return lambda number: reply if number % 3 == 2 else GOOD


def always(reply: Reply) -> Callable[[int], Reply]:
    return lambda number: reply


CASES = {
    "well": Case(replies=always(GOOD), graded=12),
    "slowly": Case(replies=every_third(replace(GOOD, delay_s=0.05)), graded=12),
    "in streamed chunks": Case(replies=every_third(replace(GOOD, streamed=True)), graded=12),
    "429, then well": Case(
        replies=every_third(Reply(status=429)), graded=11, calls=16, skipped={"budget: max_calls": 1}
    ),
    "500, then well": Case(
        replies=every_third(Reply(status=500)), graded=11, calls=16, skipped={"budget: max_calls": 1}
    ),
    "500, for ever": Case(
        replies=always(Reply(status=500)), graded=0, calls=10, settings={"retries": 1},
        unscored={"endpoint: HTTP 500, 2 tries": 5}, skipped={"stopped: HTTP 500, 2 tries": 7},
    ),
    "too late": Case(
        replies=every_third(replace(GOOD, delay_s=1.5)), graded=8,
        settings={"timeout_s": 1.0, "retries": 0, "concurrency": 4},
        unscored={"endpoint: timeout, 1 tries": 4},
    ),
    "cut off in the middle of the body": Case(
        replies=every_third(replace(GOOD, cut_after=60)), graded=8, settings={"retries": 0},
        unscored={"endpoint: connection lost, 1 tries": 4},
    ),
    "a stream without its end": Case(
        replies=every_third(replace(GOOD, streamed=True, drop_end=True)), graded=8, settings={"retries": 0},
        unscored={"endpoint: answer is no chat completion, 1 tries": 4},
    ),
    "broken JSON": Case(
        replies=always(Reply(content='{"correctness": 3', usage=USAGE)), graded=0, calls=16,
        unscored={"unreadable reply: not JSON": 4}, skipped={"budget: max_calls": 8},
    ),
    "refusals": Case(
        replies=every_third(Reply(refusal="no", usage=USAGE)), graded=8, unscored={"refused by the judge": 4}
    ),
    "wrong types": Case(
        replies=every_third(Reply(content=grades(correctness="3"), usage=USAGE)), graded=8,
        unscored={"wrong type: score is a string": 4},
    ),
    "scores out of range": Case(
        replies=every_third(Reply(content=grades(correctness=9), usage=USAGE)), graded=8,
        unscored={"out of range: outside 0 to 3": 4},
    ),
    "no such key": Case(
        replies=always(Reply(status=401)), graded=0, calls=1,
        unscored={"endpoint: HTTP 401: CHAINWATCH_JUDGE_API_KEY is not set": 1},
        skipped={"stopped: HTTP 401: CHAINWATCH_JUDGE_API_KEY is not set": 11},
    ),
    "no such model or address": Case(
        replies=always(Reply(status=404)), graded=0, calls=3, settings={"model": "404"},
        unscored={f"endpoint: HTTP 404: {CHECK}": 1}, skipped={f"stopped: HTTP 404: {CHECK}": 11},
    ),
    "no quota": Case(
        replies=always(Reply(status=429, code="insufficient_quota")), graded=0, calls=1,
        unscored={"endpoint: HTTP 429: the account has no quota left": 1},
        skipped={"stopped: HTTP 429: the account has no quota left": 11},
    ),
    "bills more than was granted": Case(
        replies=always(replace(GOOD, usage=(190_000, 9_000))), graded=1, calls=1,
        skipped={"budget: max_tokens": 11},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Twelve answers; each case has a model of its own, which has judged none of them."""
    texts = {"input_text": "How long?", "output_text": "14 days.", "parent_span_id": None}
    return warehouse_with(
        tmp_path_factory.mktemp("accounts"),
        [span(f"s{i}", "assistant", "chain", i, **texts) for i in range(SPANS)],
    )


def judged_by(warehouse: Warehouse, server: ScriptedLlm, case: str, **settings: Any) -> LlmRun:
    """One run of all answers by a model that is called like the case."""
    given = {
        "model": case,
        "base_url": server.url,
        "concurrency": 1,
        "max_calls": CALLS,
        "max_tokens": 60_000,
    }
    prices = {"input_usd_per_million_tokens": 1.0, "output_usd_per_million_tokens": 4.0}
    config = JudgeConfig.model_validate(given | prices | settings)
    rubric = load_rubric("answer_quality")
    day = timedelta(days=1)
    with warehouse.read() as con:
        sample = draw_sample(con, config, rubric, start=NOW - day, end=NOW + day, limit=100)
    states = judge_sample(
        warehouse, sample, config, rubric, clock=lambda: NOW, run_id=case, environ={}, sleep=lambda s: None
    )
    return list(states)[-1]


@pytest.mark.parametrize("name", CASES)
def test_every_answer_is_accounted_for(name: str, stored: Warehouse) -> None:
    case = CASES[name]
    with scripted_llm(lambda body, number: case.replies(number)) as server:
        run = judged_by(stored, server, name, **case.settings)
    # Nothing is lost: twelve answers, each in one place.
    assert (run.graded, run.unscored, run.skipped) == (case.graded, case.unscored, case.skipped)
    assert run.graded + sum(run.unscored.values()) + sum(run.skipped.values()) == SPANS
    # Caps are kept, and no call is left out of the books.
    assert run.calls == len(server.requests) == case.calls <= CALLS
    assert run.input_tokens + run.output_tokens <= TOKENS
    assert run.cost_usd == pytest.approx((run.input_tokens + 4 * run.output_tokens) / 1e6)
    with stored.read() as con:
        rows = fetch(con, "SELECT criterion, status, score, reason FROM grades WHERE run_id = ?", [name])
        drawn = fetch(
            con, "SELECT outcome, count(*) AS n FROM drawn_spans WHERE run_id = ? GROUP BY 1", [name]
        )
        (ledger,) = fetch(
            con, "SELECT calls, input_tokens, output_tokens, graded FROM judge_runs WHERE run_id = ?", [name]
        )
    # Nothing is invented: the only scores are those that were said.
    said = {"correctness": 3.0, "comprehensiveness": 2.0, "readability": 3.0, "overall": 2.8}
    assert all(row["score"] in (None, pytest.approx(said[row["criterion"]])) for row in rows)
    assert all((row["score"] is None) == bool(row["reason"]) for row in rows)
    told = {
        "graded": run.graded,
        "unscored": sum(run.unscored.values()),
        "skipped": sum(run.skipped.values()),
    }
    assert {row["outcome"]: row["n"] for row in drawn} == {k: n for k, n in told.items() if n}
    assert ledger == {name: getattr(run, name) for name in ledger}
    reasons = "; ".join(f"{n} {r}" for r, n in {**run.unscored, **run.skipped}.items())
    cells = (name, run.calls, *told.values(), reasons, f"{run.input_tokens + run.output_tokens:,}")
    print("|", " | ".join(map(str, cells)), f"| {run.cost_usd:.4f} |")
