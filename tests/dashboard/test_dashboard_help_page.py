"""The help page, and that the words of the dashboard and of the docs are the same ones."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import Open, words

import dashboard
from dashboard import theme
from dashboard.terms import page_path, terms

FOLDER = Path(dashboard.__file__).parent
DOCS = FOLDER.parent / "docs"


def test_every_word_chart_and_state_is_on_it(open_page: Open, tmp_path: Path) -> None:
    said = words(open_page("help", tmp_path))
    known = terms()
    for text in (
        *known.words.values(),
        *(c.means for c in known.charts),
        *(s.means for s in known.states),
        *(s.does for s in known.first),
        *(a.does for a in known.actions),
    ):
        assert text in said


def test_a_word_can_be_found_by_link(open_page: Open, tmp_path: Path) -> None:
    said = words(open_page("help", tmp_path, find="Skew"))
    assert "**skew**: production against the evaluation set." in said
    assert "**drift**" not in said
    assert "No such word" in words(open_page("help", tmp_path, find="nowhere"))


def test_every_page_is_in_the_menu_and_explained() -> None:
    known = terms()
    assert {page_path(key) for key in known.pages} == {
        f"app_pages/{path.name}" for path in (FOLDER / "app_pages").glob("*.py")
    }
    assert {chart.page for chart in known.charts} == set(known.pages) - {"help"}
    assert {step.page for step in known.first} <= set(known.pages)
    assert [s.look for s in known.states] == [*theme.HEALTH, *theme.INCIDENT]


def test_the_glossary_of_the_docs_says_the_same() -> None:
    text = (DOCS / "README.md").read_text("utf-8").split("## Glossary")[1]
    written = {
        word: " ".join(said.split())
        for word, said in re.findall(r"\*\*(.+?)\*\* — (.+?)(?= \*\*|\n|$)", text)
    }
    assert written == terms().words, "change dashboard/terms.toml and the glossary of docs/README.md together"


def test_the_docs_of_the_dashboard_say_the_same() -> None:
    text = " ".join((DOCS / "dashboard" / "index.md").read_text("utf-8").split())
    known = terms()
    for page in known.pages.values():
        assert f"| {page.title} | {page.answers} |" in text
    for state in known.states:
        if state.look in theme.HEALTH:
            assert f"| {state.means} |" in text
    for action in known.actions:
        if action.name != "End a silence":
            assert f"*{action.name}* {action.does[0].lower()}{action.does[1:]}" in text
