"""The labelling queue: who grades, what is drawn, and what is kept when something fails."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import seeded_quality
from conftest import Open, words, written_html
from seeded_quality import stored
from seeded_traffic import HOSTILE
from seeded_warehouse import Seeded, build
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from collectors.errors import WarehouseBusyError
from dashboard import label_actions, label_parts


@pytest.fixture
def to_label(tmp_path: Path) -> Seeded:
    """A warehouse of its own, for what is changed: nothing is drawn yet."""
    return build(tmp_path / "label", days=1, traces_per_day=30, parts=(), with_incident=False)


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
