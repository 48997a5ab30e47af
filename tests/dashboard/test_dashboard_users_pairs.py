"""The quality page's users and comparisons: what is there, and what is said where nothing is."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pytest
from conftest import Open, words
from scipy.stats import binomtest
from seeded_traffic import CHAIN
from seeded_warehouse import Seeded, build

from collectors.model import Annotation, Span
from collectors.warehouse.store import Row, insert, insert_spans, to_row
from dashboard import cached, formats
from dashboard.charts_quality import Level, day_chart
from dashboard.data import TimeRange
from dashboard.data_feedback import signs, together
from dashboard.data_pairs import comparisons
from dashboard.data_quality import scores
from monitors.judges.base import Stamp
from monitors.judges.grade import JudgedSpan
from monitors.judges.spans import write_grades
from monitors.result import Window
from monitors.sketches.made import sample_sketches
from monitors.sketches.store import add_sketches, write_days_and_weeks
from monitors.streams import ABANDONED, RETRIED, UNHAPPY, Stream
from monitors.summaries import Sample

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Two days of thumbs and retries on the application, two comparisons, and nothing of sessions."""
    made = build(tmp_path_factory.mktemp("told"), days=2, traces_per_day=20, parts=(), with_incident=False)
    said(made)
    compared(made)
    return made


def said(made: Seeded, component: str = "assistant") -> None:
    """Two of five thumbs an hour are down, and one request of ten is a retry."""
    thumbs, requests = [1.0, 1.0, 0.0, 0.0, 0.0], [1.0, *[0.0] * 9]
    hours = range(int((made.end - made.start) / HOUR))
    samples = [
        Sample(
            stream=Stream(CHAIN, component, field),
            window=Window(start=made.start + hour * HOUR, end=made.start + (hour + 1) * HOUR),
            basis="signals",
            n=len(rows),
            n_missing=0,
            rows=np.array(rows)[:, None],
            keys=tuple(f"{hour}-{i}/a" for i in range(len(rows))),
            seed=0,
        )
        for hour in hours
        for field, rows in ((UNHAPPY, thumbs), (RETRIED, requests), ("quality.of_all", [0.0] * 20))
    ]
    with made.warehouse.write() as con:
        add_sketches(con, sample_sketches(samples))
        con.execute("UPDATE number_sketches SET field = 'status' WHERE field = 'quality.of_all'")
        # The first day is over and stands in one row as well; it must not count twice.
        write_days_and_weeks(con, since=made.start, until=made.end)


def compared(made: Seeded) -> None:
    """large wins 9 of 10 decided pairs of 14; the other comparison has no pair that decides."""
    verdicts = [
        *[("model=large-1", "model=small-2", *pair) for pair in [("a", "a")] * 9 + [("b", "b")]],
        *[
            ("model=large-1", "model=small-2", *pair)
            for pair in [("a", "b")] * 2 + [("tie", "tie"), (None, "a")]
        ],
        ("prompt=1", "prompt=2", "a", "b"),
    ]
    rows: list[Row] = [
        {
            "verdict_id": str(place),
            "trace_id": str(place),
            "span_id": "a",
            "span_started_at": made.start,
            "dataset": "production",
            "other_trace_id": f"o{place}",
            "other_span_id": "a",
            "side_a": side_a,
            "side_b": side_b,
            "chain": CHAIN,
            "component": "generator",
            "judge": "llm",
            "judge_version": "m@1",
            "rubric": "answer_quality",
            "rubric_version": "9",
            "a_first": a_first,
            "b_first": b_first,
            "reason": None if a_first else "unreadable reply",
            "judged_at": made.end - timedelta(minutes=place),
        }
        for place, (side_a, side_b, a_first, b_first) in enumerate(verdicts)
    ]
    with made.warehouse.write() as con:
        insert(con, "pairwise_verdicts", rows)


def whole(made: Seeded) -> TimeRange:
    return TimeRange(start=made.start, end=made.end, bucket_s=3600)


def test_shares_by_day_have_wilsons_interval_and_no_day_counts_twice(told: Seeded) -> None:
    view = signs(told.warehouse, CHAIN, "assistant", whole(told))
    days = view.of(UNHAPPY)
    assert [(d.day - told.start.astimezone(UTC).date()).days for d in days] == [0, 1]
    assert [(d.bad, d.n) for d in days] == [(48, 120), (48, 120)]
    interval = binomtest(96, 240).proportion_ci(method="wilson")
    found = together(days)
    assert (found.value, found.low, found.high) == pytest.approx((0.4, interval.low, interval.high))
    assert view.spoken == pytest.approx(240 / 960)
    assert view.of(ABANDONED) == ()
    nothing = signs(told.warehouse, CHAIN, "router", whole(told))
    assert (nothing.days, nothing.spoken) == ((), None)


def test_the_newest_evaluation_set_stands_beside_production(told: Seeded) -> None:
    def graded(dataset: str, field: str, basis: str, *grades: float, later: int = 0) -> Sample:
        window = Window(start=told.start - 9 * HOUR, end=told.start - (8 - later) * HOUR)
        return Sample(
            stream=Stream(CHAIN, "assistant", field),
            window=window,
            basis=basis,
            n=len(grades),
            n_missing=0,
            rows=np.array(grades)[:, None],
            keys=tuple(f"{place}/a" for place in range(len(grades))),
            seed=0,
            dataset=dataset,
        )

    sets = [
        graded("golden-1", "quality.relevance", "local/1", 1.0, 1.0),
        graded("golden-2", "quality.relevance", "local/1", 2.0, 3.0, 2.5, later=1),
    ]
    item = JudgedSpan(
        trace_id="g", span_id="a", chain=CHAIN, component="assistant", kind="chain", started_at=told.start,
        dataset="golden-2", question="q", answer="a",
    )  # fmt: skip
    by_version = [
        Stamp(
            judge="llm", judge_kind="llm", judge_version=version, rubric="r", rubric_version="1", graded_at=at
        ).grade(item, "correctness", score=score)
        for version, at, score in (("old", told.start, 1.0), ("new", told.end, 3.0))
    ]
    asked = Span(
        trace_id="g", span_id="a", chain=CHAIN, component="assistant", name="assistant", dataset="golden-2",
        started_at=told.start,
    )  # fmt: skip
    labels = [
        Annotation(
            annotation_id=author, trace_id="g", span_id="a", author=author, author_kind="human",
            name="correctness", score=score, created_at=told.end, ingested_at=told.end,
        )
        for author, score in (("ann", 1.0), ("bob", 2.0))
    ]  # fmt: skip
    with told.warehouse.write() as con:
        add_sketches(con, sample_sketches(sets))
        write_grades(con, by_version)
        insert_spans(con, [asked], ingested_at=told.end)
        insert(con, "annotations", [to_row(label) for label in labels])
    view = scores(told.warehouse, CHAIN, "assistant", whole(told), "answer_quality")
    held = view.in_set("relevance", "local", local=True)
    assert held is not None
    assert (held.dataset, held.mean, held.n) == ("golden-2", 2.5, 3)
    judged = view.in_set("correctness", "llm", local=False)
    assert judged is not None
    assert judged.mean == 3.0
    by_people = view.in_set("correctness", "people", local=True)
    assert by_people is not None
    assert (by_people.dataset, by_people.mean, by_people.n) == ("golden-2", 1.5, 2)
    assert view.in_set("readability", "local", local=True) is None
    day = told.start.astimezone(UTC).date()
    chart = day_chart([], within=(day, day), unit="grade", level=Level(value=held.mean, name="set"))
    assert [(line["name"], set(line["y"])) for line in chart.data] == [("set", {2.5})]


def test_the_page_shows_users_with_their_bias_and_says_where_nothing_is_known(
    open_page: Open, told: Seeded, tmp_path: Path
) -> None:
    cached.forget()
    page = words(open_page("quality", told.home))
    assert "Unhappy feedback: 40.0 % (34.0 % to 46.3 %) of 240 answers with feedback" in page
    assert "Asked again: 10.0 % (" in page
    assert "25.0 % of the answers have feedback" in page
    assert "speaks for nobody else" in page
    assert "Left after a bad answer" not in page
    quiet = build(tmp_path / "quiet", days=1, traces_per_day=5, parts=(), with_incident=False)
    page = words(open_page("quality", quiet.home))
    assert "nothing is known of users: neither good nor bad" in page
    assert "0 %" not in page


def test_comparisons_say_who_won_and_what_the_order_did(open_page: Open, told: Seeded) -> None:
    models, prompts = comparisons(told.warehouse, CHAIN)
    assert (models.side_a, prompts.side_a) == ("model=large-1", "prompt=1")
    report = models.report
    assert (report.pairs, report.unread, report.a, report.b, report.tie, report.order) == (13, 1, 9, 1, 1, 2)
    cached.forget()
    app = open_page("quality", told.home, view="judges")
    assert "model=large-1 beats model=small-2 in 9 of 10 decided pairs" in words(app)
    table = next(d.value for d in app.dataframe if "Won by A" in d.value)
    first, second = table.to_dict("records")
    assert (first["Won by A"], first["Won by B"], first["Ties"], first["Order decided"]) == (
        "9",
        "1",
        "1",
        "2",
    )
    # Wilson's interval of 9 of 10.
    assert first["Share of A"] == "90.0 % (59.6 % to 98.2 %)"
    assert first["Were both equally good"] == "p = 0.021"
    assert first["Without a verdict"] == "1"
    assert (second["Share of A"], second["Were both equally good"]) == (formats.UNKNOWN, formats.UNKNOWN)


def test_without_a_comparison_it_says_how_to_make_one(open_page: Open, seeded: Seeded) -> None:
    page = words(open_page("quality", seeded.home, view="judges"))
    assert "No two sides were compared" in page
    assert "chainwatch pairwise" in page
