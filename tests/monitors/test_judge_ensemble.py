"""Ensembles of judges against scripted endpoints: the median, shared caps, keys that stay at home."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from judge_support import NOW, span, warehouse_with
from scripted_llm import Reply, Script, ScriptedLlm, grades, scripted_llm

from collectors.home import Home
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.judge_cli import judge
from monitors.judges.agreement import agreement_report, read_agreement
from monitors.judges.config import JudgeConfig
from monitors.judges.ensemble import ensemble_version
from monitors.judges.estimates import update_estimates

Served = Callable[..., list[ScriptedLlm]]


@pytest.fixture
def stored(tmp_path: Path) -> Warehouse:
    """Twelve answers of an application."""
    root = span("root", "assistant", "chain", 0, input_text="Q?", output_text="A.", parent_span_id=None)
    spans = [replace(root, trace_id=f"t{i}", started_at=NOW + timedelta(seconds=i)) for i in range(12)]
    (tmp_path / "home").mkdir()
    return warehouse_with(tmp_path / "home", spans)


@pytest.fixture
def served() -> Iterator[Served]:
    """`served(script, script, ...)`: one endpoint a script."""
    with ExitStack() as stack:
        yield lambda *scripts: [stack.enter_context(scripted_llm(script)) for script in scripts]


def gives(grade: int, usage: tuple[int, int] = (100, 20)) -> Script:
    return lambda body, number: Reply(content=grades(grade, grade, grade), usage=usage)


def fails(body: dict[str, Any], number: int) -> Reply:
    return Reply(status=500)


def call(
    stored: Warehouse,
    servers: list[ScriptedLlm],
    *options: str,
    env: dict[str, str] | None = None,
    **more: Any,
) -> Result:
    """`chainwatch judge --json` with the first server as [judge] and the others beside it."""
    home = Home(root=stored.path.parent)
    values = {"model": "m0", "base_url": servers[0].url, "retries": 0, "concurrency": 1} | more
    lines = ["[judge]", *(f"{k} = {json.dumps(v)}" for k, v in values.items())]
    for place, server in enumerate(servers[1:], start=1):
        lines += ["[[judge.ensemble]]", f'name = "judge-{place}"', f'base_url = "{server.url}"']
        lines += [f'model = "m{place}"']
        lines += [f"{k} = {json.dumps(v)}" for k, v in more.items() if k.endswith("million_tokens")]
    home.config.write_text("\n".join(lines), "utf-8")
    return CliRunner().invoke(
        judge,
        ["--config", str(home.config), "--json", *options],
        env={"CHAINWATCH_HOME": str(home.root), **(env or {})},
    )


def rows(stored: Warehouse, sql: str) -> list[dict[str, Any]]:
    with stored.read() as con:
        return fetch(con, sql)


def test_the_median_counts_and_every_judge_is_kept_with_its_cost(stored: Warehouse, served: Served) -> None:
    servers = served(gives(3), gives(0), gives(2, usage=(200, 40)))
    found = call(
        stored, servers, "--limit", "4", input_usd_per_million_tokens=1.0, output_usd_per_million_tokens=5.0
    )
    assert found.exit_code == 0, found.output
    told = json.loads(found.output)
    assert (told["judge"], told["graded"], told["calls"]) == ("ensemble", 4, 12)
    assert told["judge_version"].startswith("3 judges@")
    # Four answers: twice 100 and 20 tokens, once 200 and 40, at 1 and 5 dollars a million.
    assert told["cost_usd"] == pytest.approx(4 * (0.0002 + 0.0002 + 0.0004))
    assert [m["judge"] for m in told["members"]] == ["llm", "judge-1", "judge-2"]
    assert [m["calls"] for m in told["members"]] == [4, 4, 4]
    medians = rows(
        stored,
        "SELECT DISTINCT judge_kind, score, rationale FROM grades WHERE criterion = 'correctness' ORDER BY 1",
    )
    assert medians[0] == {"judge_kind": "ensemble", "score": 2.0, "rationale": "llm 3, judge-1 0, judge-2 2"}
    assert len(medians) == 4, "one of the ensemble, and each judge's own"
    ledger = rows(stored, "SELECT judge, graded, calls, cost_usd FROM judge_runs ORDER BY judge")
    assert [(r["judge"], r["graded"], r["calls"]) for r in ledger] == [
        ("ensemble", 4, 0),
        ("judge-1", 4, 4),
        ("judge-2", 4, 4),
        ("llm", 4, 4),
    ]
    assert sum(r["cost_usd"] for r in ledger) == pytest.approx(told["cost_usd"])


def test_of_two_middle_grades_the_lower_counts(stored: Warehouse, served: Served) -> None:
    call(stored, served(gives(3), gives(2)), "--limit", "1")
    (row,) = rows(stored, "SELECT score FROM grades WHERE judge = 'ensemble' AND criterion = 'overall'")
    assert row["score"] == 2.0


def test_one_judge_that_fails_is_outvoted_and_two_are_not(stored: Warehouse, served: Served) -> None:
    one = call(stored, served(gives(3), fails, gives(1)), "--limit", "2")
    assert json.loads(one.output)["graded"] == 2
    (row,) = rows(stored, "SELECT DISTINCT score, rationale FROM grades "
                          "WHERE judge = 'ensemble' AND criterion = 'correctness'")  # fmt: skip
    assert row == {"score": 1.0, "rationale": "llm 3, judge-2 1"}
    two = json.loads(call(stored, served(gives(3), fails, fails), "--limit", "2").output)
    assert two["graded"] == 0
    assert two["unscored"] == {"endpoint: HTTP 500, 1 tries; 1 of 3 judges graded it": 2}
    again = json.loads(call(stored, served(gives(3), gives(3), gives(3)), "--limit", "12").output)
    assert again["graded"] == 12, "another ensemble, and what an endpoint failed to answer, is asked for"


def test_the_caps_are_kept_by_all_judges_together(stored: Warehouse, served: Served) -> None:
    servers = served(gives(3), gives(2), gives(1))
    told = json.loads(call(stored, servers, "--limit", "12", max_calls=20).output)
    assert sum(len(s.requests) for s in servers) == told["calls"] == 20
    # Twelve of the first, eight of the second: two of three judges make a median.
    assert (told["graded"], told["skipped"]) == (8, {"budget: max_calls": 4})
    day = json.loads(call(stored, servers, "--limit", "12", max_calls_per_day=21).output)
    assert day["calls"] == 1, "the day's cap counts the calls of all judges"


def test_a_key_goes_to_its_own_endpoint_only(stored: Warehouse, served: Served) -> None:
    servers = served(gives(3), gives(3))
    env = {"CHAINWATCH_JUDGE_API_KEY": "sk-first", "CHAINWATCH_JUDGE_API_KEY_JUDGE_1": "sk-second"}
    call(stored, servers, "--limit", "1", env=env)
    assert [s.keys for s in servers] == [["Bearer sk-first"], ["Bearer sk-second"]]
    more = served(gives(3), gives(3))
    call(stored, more, "--limit", "1", env={"CHAINWATCH_JUDGE_API_KEY": "sk-first"})
    assert more[1].keys == ["Bearer none"]
    assert not rows(
        stored, "SELECT 1 FROM grades WHERE concat(judge_version, reason, rationale) LIKE '%sk-%'"
    )


def test_the_estimate_is_of_the_ensemble_and_disagreement_is_told(stored: Warehouse, served: Served) -> None:
    def first(body: dict[str, Any], number: int) -> Reply:
        return Reply(content=grades(3 if number % 2 else 1))

    call(stored, served(first, gives(2), gives(2)), "--limit", "12")
    update_estimates(stored, [NOW.date()], at=NOW)
    targets = rows(stored, "SELECT DISTINCT target FROM quality_estimates WHERE criterion = 'correctness'")
    assert targets == [{"target": "ensemble"}]
    with stored.read() as con:
        read = read_agreement(con)
    found = agreement_report(read).together["correctness"]
    assert (found.judges, found.answers) == (("judge-1", "judge-2", "llm"), 12)
    assert (found.same.value, found.apart) == (0.0, 1.0)


def test_a_dry_run_counts_every_judge(stored: Warehouse, served: Served) -> None:
    servers = served(gives(3), gives(2), gives(1))
    prices = {"input_usd_per_million_tokens": 1.0, "output_usd_per_million_tokens": 2.0}
    told = json.loads(call(stored, servers, "--dry-run", "--limit", "2", **prices).output)
    assert told["prompts"] == 6
    expected = (told["estimated_input_tokens"] + 2 * told["estimated_output_tokens"]) / 1e6
    assert told["estimated_cost_usd"] == pytest.approx(expected)
    assert not any(s.requests for s in servers)


def test_the_version_changes_with_any_member() -> None:
    def version(**second: Any) -> str:
        return ensemble_version(
            JudgeConfig.model_validate({"model": "m", "ensemble": [{"name": "b", **second}]})
        )

    assert version(model="x") == version(model="x")
    assert len({version(model="x"), version(model="y"), version(model="x", base_url="http://h/v1")}) == 3


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"name": "llm", "model": "x"}, "need different names"),
        ({"name": "ensemble", "model": "x"}, "none may be 'ensemble'"),
        ({"name": "b", "model": ""}, "at least 1 character"),
        ({"name": "b c", "model": "x"}, "pattern"),
        ({"name": "b", "model": "x", "api_key": "sk"}, "Extra inputs"),
    ],
)
def test_members_that_cannot_be(member: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JudgeConfig.model_validate({"model": "m", "ensemble": [member]})


def test_a_cost_cap_needs_the_prices_of_every_member() -> None:
    prices = {"input_usd_per_million_tokens": 1.0, "output_usd_per_million_tokens": 2.0, "max_cost_usd": 1.0}
    with pytest.raises(ValueError, match="of b in ensemble"):
        JudgeConfig.model_validate({"model": "m", **prices, "ensemble": [{"name": "b", "model": "x"}]})
