"""Log text is data: nothing of it is ever rendered, linked or run."""

from __future__ import annotations

import csv
import io

import pytest
from conftest import Open, written_html
from hypothesis import given
from hypothesis import strategies as st
from seeded_traffic import FORMULA, HOSTILE
from seeded_warehouse import Seeded

from collectors.warehouse.connection import Warehouse
from dashboard.text import cell, figure_text, plain, to_csv, visible

RENDERED = ("title", "header", "subheader", "markdown", "caption", "error", "warning", "info", "success")


def _hostile_trace(warehouse: Warehouse) -> str:
    with warehouse.read() as con:
        found = con.execute(
            "SELECT trace_id FROM spans WHERE input_text = ? AND parent_span_id IS NULL LIMIT 1", [HOSTILE]
        ).fetchone()
    assert found is not None
    return str(found[0])


@pytest.mark.parametrize("page", ["overview", "incident", "component", "traces", "monitors"])
def test_no_page_renders_a_logged_text(page: str, open_page: Open, seeded: Seeded) -> None:
    params = {"trace": _hostile_trace(seeded.warehouse)} if page == "traces" else {}
    app = open_page(page, seeded.home, range="7d", component="generator", **params)
    for kind in RENDERED:
        for element in getattr(app, kind):
            value = str(element.value)
            assert "<script" not in value.replace("\\<script", ""), (page, kind, value)
            assert "](javascript" not in value, (page, kind, value)
            assert "**bold**" not in value, (page, kind, value)
            assert not getattr(element.proto, "allow_html", False), (page, kind)
    assert not written_html(app), "no page writes HTML"
    if page in ("incident", "traces"):
        shown = "\n".join(str(e.value) for e in app.code)
        assert HOSTILE in shown, "the text is there, as it was logged"


def test_the_csv_of_a_page_runs_nothing(seeded: Seeded) -> None:
    rows = [{"Input": HOSTILE, "Output": FORMULA, "Cost": "-1+2", "Steps": -3}]
    back = list(csv.DictReader(io.StringIO(to_csv(rows, list(rows[0])))))
    assert back[0]["Output"] == "'" + FORMULA
    assert back[0]["Cost"] == "'-1+2"
    assert back[0]["Steps"] == "-3"


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    safe = cell(text)
    assert isinstance(safe, str)
    assert safe.lstrip()[:1] not in ("=", "+", "-", "@", "|", "%")


@given(st.text())
def test_a_label_keeps_its_letters_and_escapes_the_rest(text: str) -> None:
    said = plain(text)
    assert "\n" not in said
    kept = said.replace("\u2060", "").replace("\\\\", "\\")
    assert [c for c in kept if c.isalnum()] == [c for c in visible(text) if c.isalnum()]
    for index, char in enumerate(said):
        if char in "<>[]`*_$:":
            assert said[index - 1] == "\\"


@pytest.mark.parametrize(
    "text", ["https://evil.example", "www.evil.example", "a@evil.example", ":material/home:", ":red[x]"]
)
def test_addresses_and_directives_are_broken_invisibly(text: str) -> None:
    assert "\u2060" in plain(text)
    assert plain(text).replace("\u2060", "").replace("\\", "") == text


def test_a_time_keeps_its_colon_bare() -> None:
    assert "\u2060" not in plain("05:48")


def test_figures_show_tags_as_text() -> None:
    assert figure_text("<a href='javascript:x'>") == "&lt;a href='javascript:x'&gt;"
