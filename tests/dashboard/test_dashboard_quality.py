"""The quality page: scores with intervals, judge and people, in every state."""

from __future__ import annotations

import seeded_quality
from conftest import Open, words
from seeded_quality import stored
from seeded_warehouse import Seeded

from dashboard import cached, formats
from dashboard.data_overview_quality import within_scale
from monitors.judges.scales import scales_of


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
