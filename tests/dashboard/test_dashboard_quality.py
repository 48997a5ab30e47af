"""The quality page: scores with intervals, judge and people, and the labelling queue, in every state."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import seeded_quality
from conftest import Open, words, written_html
from seeded_traffic import HOSTILE
from seeded_warehouse import Seeded, build
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from collectors.errors import WarehouseBusyError
from collectors.warehouse.store import fetch
from dashboard import cached, formats, label_actions, label_parts
from dashboard.data_overview_quality import within_scale
from monitors.judges.scales import scales_of


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Three days with a judge, two people, and one component less than usual."""
    made = build(tmp_path_factory.mktemp("judged"), days=3, traces_per_day=45, with_incident=False)
    seeded_quality.judged(made)
    return made


@pytest.fixture
def to_label(tmp_path: Path) -> Seeded:
    """A warehouse of its own, for what is changed: nothing is drawn yet."""
    return build(tmp_path / "label", days=1, traces_per_day=30, parts=(), with_incident=False)


def stored(seeded: Seeded, sql: str) -> list[dict[str, object]]:
    with seeded.warehouse.read() as con:
        return fetch(con, sql)


def test_the_newest_estimate_is_the_title_of_its_chart(open_page: Open, judged: Seeded) -> None:
    app = open_page("quality", judged.home)
    assert not app.exception
    (row,) = stored(
        judged,
        "SELECT value, always_low, least(always_high, 3) AS high, low, least(high, 3) AS once "
        "FROM quality_estimates WHERE target = 'people' AND version = '*' ORDER BY day DESC LIMIT 1",
    )
    said = words(app)
    assert (
        f"Correctness: people would give {row['value']:.2f} ({row['always_low']:.2f} to {row['high']:.2f})"
        in said
    )
    assert "Overall: llm would give" in said
    once = words(open_page("quality", judged.home, interval="once"))
    assert f"people would give {row['value']:.2f} ({row['low']:.2f} to {row['once']:.2f})" in once
    # Four criteria of the judge, three of the local scorer, two of safety with a score, one by Evidently.
    assert len(app.get("plotly_chart")) == 10
    assert "Sentence count: 1.99 on average of 136 answers" in said


def test_the_overview_has_the_estimate_and_its_interval(open_page: Open, judged: Seeded) -> None:
    app = open_page("overview", judged.home)
    assert not app.exception
    (row,) = stored(
        judged,
        "SELECT value, greatest(high - value, value - low) AS half FROM quality_estimates "
        "WHERE target = 'people' AND version = '*' ORDER BY day DESC LIMIT 1",
    )
    tile = next(m for m in app.metric if m.label == "Correctness")
    assert tile.value.replace("\\", "") == f"{row['value']:.2f} ± {row['half']:.2f}"
    assert "What people would give all answers of 4 Mar" in tile.help.replace("\\", "")


def test_versions_stand_side_by_side_and_one_can_be_chosen(open_page: Open, judged: Seeded) -> None:
    with judged.warehouse.write() as con:
        con.execute(
            "INSERT INTO quality_estimates SELECT * REPLACE (estimate_id || '2' AS estimate_id, "
            "'2026.4' AS version, 1.0 AS value) FROM quality_estimates WHERE version = '2026.3'"
        )
    try:
        cached.forget()
        app = open_page("quality", judged.home, version="2026.4")
        assert "would give 1.00" in words(app)
        assert {"2026.3", "2026.4"} <= set(app.dataframe[0].value["Version"])
    finally:
        with judged.warehouse.write() as con:
            con.execute("DELETE FROM quality_estimates WHERE version = '2026.4'")


def test_what_lies_past_the_scale_is_shown_at_its_end(open_page: Open, judged: Seeded) -> None:
    with judged.warehouse.write() as con:
        con.execute(
            "INSERT INTO quality_estimates SELECT * REPLACE (estimate_id || '3' AS estimate_id, "
            "'edge' AS version, 3.04 AS value, 2.9 AS low, 3.18 AS high, "
            "2.8 AS always_low, 3.28 AS always_high, -0.1 AS alone_low) "
            "FROM quality_estimates WHERE version = '2026.3' AND target = 'people'"
        )
    try:
        cached.forget()
        app = open_page("quality", judged.home, version="edge")
        assert "people would give 3.00 (2.80 to 3.00)" in words(app)
        table = app.dataframe[0].value
        (row,) = table[
            (table["Version"] == "edge") & (table["Day (UTC)"] == table["Day (UTC)"].max())
        ].to_dict("records")
        assert (row["Estimate"], row["95 %, one look"]) == ("3.00", "2.90 to 3.00")
        assert row["95 %, every look"] == "2.80 to 3.00"
        assert row["Alone"].startswith("0.00 to ")
    finally:
        with judged.warehouse.write() as con:
            con.execute("DELETE FROM quality_estimates WHERE version = 'edge'")


def test_the_overview_cuts_an_estimate_to_its_scale() -> None:
    past = {"criterion": "correctness", "value": 3.04, "low": 2.9, "high": 3.2}
    unknown = past | {"criterion": "one nobody knows"}
    cut, kept = within_scale([past, unknown], scales_of("answer_quality"))
    assert (cut["value"], cut["low"], cut["high"]) == (3.0, 2.9, 3.0)
    assert kept == unknown


def test_without_grades_it_says_what_to_run(open_page: Open, judged: Seeded) -> None:
    app = open_page("quality", judged.home, component="guardrail")
    assert "Nothing was graded in this range" in words(app)
    assert "chainwatch run" in words(app)


def test_without_a_judge_the_local_scorer_is_shown_and_the_judge_explained(
    open_page: Open, seeded: Seeded
) -> None:
    said = words(open_page("quality", seeded.home, component="generator"))
    assert "No LLM judge is set up" in said
    assert "CHAINWATCH_JUDGE_API_KEY" in said
    assert "No estimate in this range" in said
    assert "Relevance: 0." in said
    assert "No judge has run." in words(open_page("quality", seeded.home, view="judges"))


def test_agreement_ledger_and_rubrics(open_page: Open, judged: Seeded) -> None:
    app = open_page("quality", judged.home, view="judges")
    assert not app.exception
    said = words(app)
    assert "llm and people on correctness: kappa 0." in said
    # Three runs of 30 at 0.0003 dollars an answer, one refusal each.
    assert "87 answers judged for $0.03" in said
    tables = [table.value for table in app.dataframe]
    assert tables[0]["Bias"][0].startswith("+0."), "the judge is kinder than people"
    assert tables[1].iloc[0, 1].startswith("1.00"), "bob says what ada says"
    runs = next(t for t in tables if "Skipped" in t)
    assert runs["Skipped"].iloc[0] == "6 budget: max_cost_usd_per_day"
    assert set(runs["Without a grade"]) == {"1 refused by the judge"}
    assert any(seeded_quality.RUBRIC.version in str(t.get("Version", "")) for t in tables)


def test_safety_is_a_share_with_what_its_monitor_said(open_page: Open, judged: Seeded) -> None:
    app = open_page("quality", judged.home)
    assert not app.exception
    said = words(app)
    (row,) = stored(
        judged, "SELECT avg(score) AS mean, count(score) AS n FROM grades WHERE criterion = 'personal_data'"
    )
    assert f"Personal data: {formats.share(row['mean'])} of {row['n']} answers" in said  # type: ignore[arg-type]
    assert f"Secrets: {formats.share(0.0)} of" in said
    assert "Attacks: nothing could be scored" in said
    assert "Refusals:" not in said
    others = words(open_page("overview", judged.home)) + words(open_page("component", judged.home))
    assert "Personal data" not in others, "a share is no quality"


def test_safety_that_nobody_asked_for_says_how(open_page: Open, seeded: Seeded) -> None:
    said = words(open_page("quality", seeded.home, component="generator"))
    assert "Safety is not watched" in said
    assert "[monitors.prompt_attack]" in said


def test_a_wrong_rubric_is_a_sentence(open_page: Open, judged: Seeded) -> None:
    config = judged.home / "chainwatch.toml"
    config.write_text('[judge]\nrubric = "no_such"\n', "utf-8")
    try:
        app = open_page("quality", judged.home)
        assert not app.exception
        assert "no such rubric; choose one of" in words(app)
    finally:
        config.unlink()


def labelling(open_page: Open, home: Path, who: str = "cleo") -> AppTest:
    app = open_page("quality", home, view="label")
    app.text_input(key="actor").set_value(who)
    return app.run()


def test_a_grade_needs_a_name(open_page: Open, judged: Seeded) -> None:
    app = open_page("quality", judged.home, view="label")
    app.text_input(key="actor").set_value("")
    assert "Type your name first" in words(app.run())
    assert not [b for b in app.button if b.key and b.key.startswith("grade_")]


def test_labelling_draws_grades_goes_back_and_puts_off(
    open_page: Open, to_label: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_parts, "_DRAWS", 10)
    before = datetime.now(UTC)
    app = labelling(open_page, to_label.home)
    assert "The queue is empty" in words(app)
    press(app, "label_draw")
    assert "0 graded by you · 10 wait for a first grade" in progress(app)

    comment(app).set_value("a hard one")
    press(app, "grade_2_")
    assert not app.exception
    assert "1 graded by you · 9 wait" in progress(app)
    assert comment(app).value == ""
    (label,) = seeded_quality.labels_of(to_label, "cleo")
    assert (label["name"], label["score"], label["comment"]) == ("correctness", 2.0, "a hard one")
    assert label["author_kind"] == "human"
    assert before <= label["created_at"] <= datetime.now(UTC)
    assert [r["actor"] for r in stored(to_label, "SELECT actor FROM audit WHERE action = 'label'")] == [
        "cleo"
    ]

    press(app, "label_back")
    assert "You gave it 2." in words(app)
    press(app, "grade_0_")
    assert [r["score"] for r in seeded_quality.labels_of(to_label, "cleo")] == [0.0]

    press(app, "label_put_off")
    for _ in range(9):
        press(app, "grade_3_")
    assert len(seeded_quality.labels_of(to_label, "cleo")) == 10, "what was put off came last"
    assert "All that was drawn is graded" in words(app)
    (row,) = stored(to_label, "SELECT labels, value FROM quality_estimates WHERE version = '*'")
    assert row["labels"] == 10, "the estimate of the day is there at once"


def test_a_second_person_is_given_what_the_first_graded(open_page: Open, judged: Seeded) -> None:
    app = labelling(open_page, judged.home)
    assert "for a second opinion" in progress(app)
    assert "Everything has a first grade" in words(app)


def test_who_grades_sees_no_other_grade_and_no_markup(open_page: Open, to_label: Seeded) -> None:
    with to_label.warehouse.write() as con:
        con.execute("UPDATE spans SET input_text = $1, output_text = $1, model = 'gpt-secret'", [HOSTILE])
    seeded_quality.judged(to_label, labels=0)
    app = labelling(open_page, to_label.home)
    press(app, "label_draw")
    assert HOSTILE in [t.value for t in app.text], "the text is there, as it was logged"
    everything = words(app)
    assert seeded_quality.RATIONALE not in everything
    assert "gpt-secret" not in everything
    assert not [m for m in app.markdown if "<script" in m.value or m.proto.allow_html]
    assert not written_html(app)


def test_a_busy_warehouse_loses_no_grade(
    open_page: Open, to_label: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = labelling(open_page, to_label.home)
    press(app, "label_draw")
    with monkeypatch.context() as patch:

        def busy(*_: object, **__: object) -> None:
            raise WarehouseBusyError("the warehouse stayed busy")

        patch.setattr(label_actions, "store_labels", busy)
        comment(app).set_value("kept")
        press(app, "grade_1_")
    assert "That grade was not stored." in words(app)
    assert comment(app).value == "kept"
    assert "0 graded by you" in progress(app)


def press(app: AppTest, key: str) -> None:
    next(b for b in app.button if b.key and b.key.startswith(key)).click().run()


def comment(app: AppTest) -> TextInput:
    return next(t for t in app.text_input if t.key and t.key.startswith("label_comment_"))


def test_a_key_that_outlives_its_answer_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the next answer is drawn, the browser still has the keys of the one before."""
    given: list[int] = []
    monkeypatch.setattr(label_parts.st, "session_state", {"label_done": [], "label_again": None})
    monkeypatch.setattr(label_actions, "grade", lambda path, answer, name, score, **_: given.append(score))
    frame, answer = SimpleNamespace(warehouse=None), SimpleNamespace(key="t/s")
    criterion = seeded_quality.RUBRIC.criteria[0]
    for score in (3, 2):
        label_parts._store(frame, answer, criterion, score, "cleo")()  # type: ignore[arg-type]
    assert given == [3]
    label_parts._back()
    label_parts._store(frame, answer, criterion, 1, "cleo")()  # type: ignore[arg-type]
    assert given == [3, 1]


def progress(app: AppTest) -> str:
    return str(app.get("progress")[0].proto.text).replace("\\", "")
