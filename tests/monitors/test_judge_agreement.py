"""The judges of a warehouse beside people: who is compared with whom, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from judge_support import NOW, judged, span, warehouse_with
from sklearn.metrics import cohen_kappa_score

from collectors.warehouse.store import insert
from monitors.judges.agreement import ALL_GENERATORS, AgreementReport, agreement_report, read_agreement
from monitors.judges.base import Stamp
from monitors.judges.spans import write_grades
from monitors.statistics.agreement import krippendorff_alpha

PEOPLE = [3, 2, 1, 0, 3, 2, 1, 0, 3, 3, 2, 1, 0, 0, 3, 2]
JUDGE = [3, 2, 1, 1, 3, 3, 1, 0, 3, 3, 3, 3, 1, 2, 0, 3]


@pytest.fixture
def report(tmp_path: Path) -> AgreementReport:
    """Sixteen answers of two models, a judge, and two people who differ once; one reply was refused."""
    spans, grades, labels = [], [], []
    for i, (right, said) in enumerate(zip(PEOPLE, JUDGE, strict=True)):
        root = span("root", "assistant", "chain", i, output_text="x" * (i + 1))
        spans.append(
            replace(root, trace_id=f"t{i:02}", parent_span_id=None, model="small" if i < 8 else "large")
        )
        stamp = Stamp(
            judge="llm", judge_kind="llm", judge_version="m@1", rubric="r", rubric_version="1", graded_at=NOW
        )
        item = judged(trace_id=f"t{i:02}", span_id="root", started_at=spans[-1].started_at)
        grades.append(stamp.grade(item, "correctness", score=float(said)))
        overall: dict[str, Any] = {"reason": "refused by the judge"} if i == 0 else {"score": float(said)}
        grades.append(stamp.grade(item, "overall", **overall))
        labels.append(label(i, "ada", right))
    labels.append(label(0, "bob", 3))
    labels.append(label(1, "bob", 1))
    warehouse = warehouse_with(tmp_path, spans)
    with warehouse.write() as con:
        write_grades(con, grades)
        insert(con, "annotations", labels)
    with warehouse.read() as con:
        rows = read_agreement(con)
    return agreement_report(rows)


def label(number: int, author: str, score: int) -> dict[str, Any]:
    return {
        "annotation_id": f"{number}{author}",
        "trace_id": f"t{number:02}",
        "span_id": "root",
        "author": author,
        "author_kind": "human",
        "name": "correctness",
        "score": float(score),
        "created_at": NOW,
        "source": "x",
        "ingested_at": NOW,
    }


def test_a_judge_is_compared_as_a_whole_and_by_the_model_that_answered(report: AgreementReport) -> None:
    found = {j.generator: j for j in report.judges}
    assert set(found) == {ALL_GENERATORS, "small", "large"}
    # Ada's sixteen labels and Bob's two.
    judge, people = [*JUDGE, 3, 2], [*PEOPLE, 3, 1]
    whole = found[ALL_GENERATORS].agreement
    assert whole.pairs == 18
    assert whole.kappa.value == pytest.approx(cohen_kappa_score(judge, people), abs=1e-9)
    assert whole.alpha.value == pytest.approx(krippendorff_alpha([judge, people]), abs=1e-9)
    large = cohen_kappa_score(JUDGE[8:], PEOPLE[8:])
    assert found["large"].agreement.kappa.value == pytest.approx(large, abs=1e-9)
    assert found["small"].agreement.pairs == 10
    assert found[ALL_GENERATORS].length.value is not None


def test_people_among_themselves_and_replies(report: AgreementReport) -> None:
    # Two answers have two labels, 3 3 and 2 1: of the package krippendorff 0.9.0, ordinal.
    assert report.people["correctness"].value == pytest.approx(0.8333333333, abs=1e-9)
    assert report.unreadable["llm m@1"].value == pytest.approx(1 / 16)


def test_it_is_said_in_lines(report: AgreementReport) -> None:
    told = "\n".join(report.lines())
    assert "llm m@1, correctness: kappa " in told
    assert "llm m@1, correctness, answers of large: kappa " in told
    assert "error with length " in told
    assert "llm m@1: unreadable replies 0.06 (0.01 to 0.28)" in told
