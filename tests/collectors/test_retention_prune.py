"""Age limits: what is past them goes, with all that hangs on it, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from empty_warehouse import empty_warehouse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from retention_world import (
    DAY,
    NOW,
    TABLES,
    at,
    column,
    context_of,
    decided,
    everything,
    put,
    put_rows,
    result,
    rows,
    said_of,
    sample,
    span,
)

from collectors.config import parse
from collectors.errors import ConfigError
from collectors.home import Home
from collectors.retention import prune as pruning
from collectors.retention.config import limits
from collectors.retention.enforce import prune, prune_when_due
from collectors.warehouse import Warehouse


def config(**ages: str) -> str:
    return "[retention]\n" + "".join(f'{kind} = "{age}"\n' for kind, age in ages.items())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ages=st.lists(st.integers(0, 60 * 24), min_size=1, max_size=12, unique=True),
    limit=st.integers(9, 50),
    slice_rows=st.sampled_from([1, 3, 1000]),
)
def test_no_span_past_its_limit_stays_and_none_within_it_goes(
    tmp_path_factory: pytest.TempPathFactory, ages: list[int], limit: int, slice_rows: int
) -> None:
    home = Home(root=tmp_path_factory.mktemp("home")).create()
    context = context_of(home, config(spans=f"{limit}d"))
    warehouse = empty_warehouse(home.warehouse)
    put(warehouse, *(span(f"{h}", h / 24) for h in ages), *(span(f"e{h}", h / 24, dataset="e") for h in ages))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "SLICE_ROWS", slice_rows)
        prune(context, now=NOW)
    # Whole days: noon minus the limit, and back to that day's midnight.
    midnight = (NOW - limit * DAY).replace(hour=0)
    kept = {f"span-{h}" for h in ages if at(h / 24) >= midnight} | {f"span-e{h}" for h in ages}
    assert column(warehouse, "SELECT span_id FROM spans") == kept
    again = prune(context, now=NOW)
    assert again.removed == {}


def test_a_span_takes_what_was_said_of_it_along(home: Home, warehouse: Warehouse) -> None:
    for name, days, dataset in (("old", 40, "production"), ("new", 20, "production"), ("set", 40, "golden")):
        put(warehouse, span(name, days, dataset=dataset))
        said_of(warehouse, name, days, dataset=dataset)
    # Feedback that came late goes with its span; feedback whose span never came goes by its own age.
    late = {"feedback_id": "late", "trace_id": "trace-old", "name": "thumbs", "created_at": at(1)}
    lost = {"feedback_id": "lost", "trace_id": "trace-lost", "name": "thumbs", "created_at": at(40)}
    put_rows(warehouse, "feedback", *({**r, "source": "t", "ingested_at": at(1)} for r in (late, lost)))
    report = prune(context_of(home, config(spans="30d")), now=NOW)
    assert report.removed == {
        "spans": {"spans": 1, "feedback": 3, "annotations": 1, "grades": 1, "span_contents": 1}
    }
    for table, key in (
        ("spans", "right(span_id, 3)"),
        ("feedback", "feedback_id"),
        ("annotations", "annotation_id"),
        ("grades", "grade_id"),
        ("span_contents", "content_id"),
    ):
        assert column(warehouse, f"SELECT {key} FROM {table}") == {"new", "set"}, table


def test_texts_go_and_numbers_stay(home: Home, warehouse: Warehouse) -> None:
    put(warehouse, span("old", 40), span("new", 20))
    said_of(warehouse, "old", 40)
    said_of(warehouse, "new", 20)
    decided(warehouse, "old", 40, open_=False)
    decided(warehouse, "open", 40, open_=True)
    report = prune(context_of(home, config(texts="30d")), now=NOW)
    old, new = rows(warehouse, "SELECT * FROM spans ORDER BY started_at")
    for text in ("input_text", "output_text", "reference_text", "attributes"):
        assert old[text] is None
        assert new[text] is not None
    assert old["documents"] == [{"id": "d1", "score": 0.5, "text": None, "relevant": None}]
    assert new["documents"][0]["text"] == "document new"
    assert (old["duration_s"], old["input_tokens"], old["name"]) == (1.5, 11, "ask")
    assert column(warehouse, "SELECT rationale FROM grades") == {None, "because of new"}
    assert column(warehouse, "SELECT score FROM grades") == {0.5}
    assert column(warehouse, "SELECT text FROM span_contents") == {"question new"}
    kept = "json_extract_string({}, '$.examples[0].text')"
    for table, column_ in (("alerts", "evidence"), ("incidents", "evidence"), ("notifications", "payload")):
        assert column(warehouse, f"SELECT {kept.format(column_)} FROM {table}") == {None, "question open"}
    # The ids lead to the span, which is still there.
    told = column(warehouse, "SELECT evidence FROM results WHERE result_id = 'r-old'").pop()
    assert '"trace_id":"trace-old"' in told
    assert "question" not in told
    assert any("incident i-open" in warning for warning in report.warnings)
    assert prune(context_of(home, config(texts="30d")), now=NOW).removed == {}


def test_what_arrives_late_is_pruned_too(home: Home, warehouse: Warehouse) -> None:
    context = context_of(home, config(texts="30d"))
    put(warehouse, span("old", 40))
    prune(context, now=NOW)
    put(warehouse, span("late", 45, ingested_at=NOW + timedelta(hours=1)))
    assert prune(context, now=NOW + timedelta(hours=2)).removed == {"texts": {"spans": 2}}
    # Log records that put a text onto a span that was pruned.
    with warehouse.write() as con:
        con.execute("UPDATE spans SET input_text = 'again' WHERE span_id = 'span-old'")
    said_of(warehouse, "old", 40)
    with warehouse.write() as con:
        con.execute("UPDATE span_contents SET ingested_at = ?", [NOW + timedelta(hours=3)])
    prune(context, now=NOW + timedelta(hours=4))
    assert column(warehouse, "SELECT input_text FROM spans") == {None}
    assert rows(warehouse, "SELECT * FROM span_contents") == []


def test_each_other_limit_touches_its_own(home: Home, warehouse: Warehouse) -> None:
    for days in (40, 20):
        name = f"d{days}"
        decided(warehouse, name, days, open_=False)
        put_rows(warehouse, "samples", *(sample(days, [name], field=f) for f in ("input_text", "status")))
        ends = {"window_start": at(days) - DAY, "window_end": at(days), "spans": 1, "run_id": name}
        put_rows(warehouse, "evaluated_windows", ends)
        raw = {"quarantine_id": name, "file": "f", "source": "s", "reason": "r", "raw": "x"}
        put_rows(warehouse, "quarantine", {**raw, "quarantined_at": at(days)})
    decided(warehouse, "open", 40, open_=True)
    before = {table: len(rows(warehouse, f"SELECT 1 FROM {table}")) for table in TABLES}
    gone = {
        "embeddings": {"samples": 1},
        "sketches": {"samples": 1, "evaluated_windows": 1},
        "results": {
            "results": 1,
            "alerts": 1,
            "incidents": 1,
            "notifications": 1,
            "notification_attempts": 1,
        },
        "quarantine": {"quarantine": 1},
    }
    for kind, tables in gone.items():
        report = prune(context_of(home, config(**{kind: "30d"})), now=NOW)
        assert report.removed == {kind: tables}
        for table, n in tables.items():
            before[table] -= n
        assert {t: len(rows(warehouse, f"SELECT 1 FROM {t}")) for t in TABLES} == before
    assert column(warehouse, "SELECT field FROM samples") == {"input_text", "status"}
    assert column(warehouse, "SELECT incident_id FROM incidents") == {"i-d20", "i-open"}
    assert column(warehouse, "SELECT result_id FROM results") == {"r-d20", "r-open"}


@pytest.mark.parametrize("kind", ["spans", "texts", "results"])
def test_a_dry_run_changes_nothing_and_says_what_a_prune_then_does(
    home: Home, warehouse: Warehouse, kind: str
) -> None:
    for name, days in (("old", 40), ("older", 70), ("new", 20)):
        put(warehouse, span(name, days))
        said_of(warehouse, name, days)
        decided(warehouse, name, days, open_=False)
    late = {"feedback_id": "late", "trace_id": "trace-old", "name": "thumbs", "created_at": at(1)}
    put_rows(warehouse, "feedback", {**late, "source": "t", "ingested_at": at(1)})
    context = context_of(home, config(**{kind: "30d"}))
    before = everything(warehouse)
    stamp = warehouse.path.stat().st_mtime_ns
    told = prune(context, now=NOW, dry_run=True)
    assert everything(warehouse) == before
    assert warehouse.path.stat().st_mtime_ns == stamp
    done = prune(context, now=NOW)
    assert done.removed == told.removed
    assert set(done.removed) == {kind}
    assert rows(warehouse, "SELECT action, subject FROM audit") == [
        {"action": "prune", "subject": "retention"}
    ]


def test_without_limits_nothing_is_opened(home: Home) -> None:
    assert prune_when_due(context_of(home), now=NOW, say=pytest.fail) is None
    assert not home.warehouse.exists()


def test_with_nothing_due_nothing_is_written(home: Home, warehouse: Warehouse) -> None:
    put(warehouse, span("new", 5))
    put_rows(warehouse, "results", result("new", 5))
    context = context_of(home, config(spans="30d", texts="30d", results="30d"))
    prune(context, now=NOW)
    stamp = warehouse.path.stat().st_mtime_ns
    for _ in range(2):
        assert prune_when_due(context, now=NOW, say=pytest.fail) is None
    assert warehouse.path.stat().st_mtime_ns == stamp


def test_what_fails_at_the_end_of_a_run_is_said(home: Home, warehouse: Warehouse) -> None:
    put(warehouse, span("old", 40))
    said: list[str] = []
    context = context_of(home, config(spans="30d"))
    from filelock import FileLock

    with FileLock(home.root / "prune.lock"):
        assert prune_when_due(context, now=NOW, say=said.append) is None
    assert said == ["prune: another prune is at work; this one leaves it to that"]


@pytest.mark.parametrize("kind", ["spans", "embeddings", "sketches", "results"])
def test_a_limit_below_what_the_monitors_read_names_both_keys(kind: str) -> None:
    # 7d of reference, 24h of gap, 1d of refit.
    found = limits(parse(config(**{kind: "9d"}), "chainwatch.toml"))
    assert getattr(found, kind) == 9 * DAY
    with pytest.raises(ConfigError, match=rf"retention\.{kind} = 8d .* 9d .*windows\.reference") as error:
        limits(parse(config(**{kind: "8d"}), "my.toml"))
    assert str(error.value).startswith("my.toml: ")
    assert error.value.exit_code == 2


def test_shorter_texts_are_allowed_and_said(home: Home) -> None:
    report = prune(context_of(home, config(texts="2d")), now=NOW)
    assert ["retention.texts = 2d is shorter than the 9d" in w for w in report.warnings] == [True]


@pytest.mark.parametrize("value", ["23h", "0d", "-3d", "soon", "7"])
def test_a_limit_that_makes_no_sense_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"retention\.spans = "):
        parse(config(spans=value), "chainwatch.toml")


def test_none_and_weeks_are_understood() -> None:
    found = limits(parse(config(spans="12w", texts="none"), "chainwatch.toml"))
    assert (found.spans, found.texts, found.is_set) == (84 * DAY, None, True)
