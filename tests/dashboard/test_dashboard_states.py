"""Every page of the menu in every state: it draws or says what to do next, and never a traceback.

A new page is in here as soon as it is in the menu.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Open, Start, shown, words
from empty_warehouse import empty_warehouse
from seeded_backtest import alert, incident, known, report
from seeded_traffic import START
from seeded_warehouse import Seeded, build
from streamlit.testing.v1 import AppTest

from collectors.home import Home
from collectors.warehouse.connection import Warehouse
from dashboard import chart_data
from dashboard.terms import terms
from monitors.backtest import saved

PAGES = tuple(terms().pages)
# What these pages say is not of the warehouse.
WITHOUT_WAREHOUSE = ("help", "backtest")
WITHOUT_RUN = ("traces", "compare", "data", *WITHOUT_WAREHOUSE)
# What one page shows of itself at a time.
VIEWS = {
    "component": ("traffic", "quality", "texts", "versions", "requests"),
    "quality": ("scores", "judges", "label"),
}
STEPS = tuple(f"step-{i}" for i in range(20))
Tour = Callable[..., Iterator[tuple[str, AppTest]]]


@pytest.fixture
def tour(start: Start) -> Tour:
    """`tour(home)`: each page of the menu in one session, with its name; with `in_full` each of its views."""

    def toured(
        home: Path, *, in_full: bool = False, **params: Mapping[str, str]
    ) -> Iterator[tuple[str, AppTest]]:
        app = start(home)
        for page in PAGES:
            for view in VIEWS.get(page, ()) if in_full else ():
                yield page, shown(app, page, **params.get(page, {}), view=view)
            if not in_full or page not in VIEWS:
                yield page, shown(app, page, **params.get(page, {}))

    return toured


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A chain of twenty-one, and a backtest of it."""
    parts = tuple((step, "tool", 0.1, 0.2, None) for step in STEPS)
    made = build(tmp_path_factory.mktemp("long"), days=1, traces_per_day=5, parts=parts, with_incident=False)
    found = [incident(f"i{i}", i, step) for i, step in enumerate(STEPS)]
    told = report(incidents=found, alerts=[alert(3)], known=[known(step, 5) for step in STEPS])
    saved.save(Home(root=made.home), told, at=START + timedelta(days=2))
    return made


def _drawn(page: str, app: AppTest) -> str:
    """What the page says, where it was drawn at all."""
    said = words(app)
    assert not app.exception, page
    assert "could not be drawn" not in said, page
    assert app.title, page
    return said


def test_without_a_warehouse_every_page_names_a_command(tour: Tour, tmp_path: Path) -> None:
    for page, app in tour(tmp_path / "nothing"):
        assert "chainwatch " in _drawn(page, app), page
    assert not (tmp_path / "nothing").exists(), "looking must not create a warehouse"


def test_an_empty_warehouse_says_how_to_fill_it(tour: Tour, tmp_path: Path) -> None:
    empty_warehouse(tmp_path / "empty" / "warehouse.duckdb")
    for page, app in tour(tmp_path / "empty"):
        said = _drawn(page, app)
        assert "chainwatch ingest" in said or page in WITHOUT_WAREHOUSE, page


def test_a_broken_warehouse_is_a_sentence(tour: Tour, tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_bytes(b"this is not a database" * 400)
    for page, app in tour(tmp_path):
        said = words(app)
        assert not app.exception, page
        assert "Traceback" not in said, page
        assert ("is damaged" in said) is (page not in WITHOUT_WAREHOUSE), page
        assert all(c.proto.wrap_lines for c in app.code if "is damaged" in c.value), "a phone shows all of it"


def test_a_warehouse_of_an_earlier_version_names_the_command(
    open_page: Open, alone: Seeded, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(alone.home, tmp_path / "earlier"))
    with Warehouse(home / "warehouse.duckdb").write() as con:
        con.execute("DROP TABLE deploys")
        con.execute(
            "DELETE FROM schema_migrations WHERE number = (SELECT max(number) FROM schema_migrations)"
        )
    said = words(open_page("overview", home))
    assert "chainwatch migrate" in said
    assert "could not be drawn" not in said


def test_before_the_first_run_every_page_says_how_to_run(tour: Tour, unwatched: Seeded) -> None:
    for page, app in tour(unwatched.home):
        assert "chainwatch run" in _drawn(page, app) or page in WITHOUT_RUN, page


def test_a_range_without_data_is_said(tour: Tour, seeded: Seeded) -> None:
    nothing = {"range": "2001-01-01T00:00..2001-01-02T00:00"}
    for page, app in tour(seeded.home, **dict.fromkeys(PAGES, nothing)):
        assert "nan" not in _drawn(page, app).split(), page


def test_every_page_draws_a_chain_of_one(tour: Tour, alone: Seeded) -> None:
    for page, app in tour(alone.home, in_full=True):
        _drawn(page, app)


def test_every_page_draws_twenty_components(tour: Tour, long: Seeded) -> None:
    for page, app in tour(long.home):
        _drawn(page, app)
        for box in app.selectbox:
            if box.label == "Component":
                assert {*STEPS} <= {option.split(" ")[0] for option in box.options}, page
        if page == "overview":
            assert any("10 more components" in e.label for e in app.expander)


def test_every_chart_has_its_data_and_sql_that_runs(
    tour: Tour, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[tuple[Any, Any]] = []
    offer = chart_data.offer

    def recorded(title: str, rows: Any, *, key: str, query: chart_data.Query | None = None) -> None:
        offered.append((rows, query))
        offer(title, rows, key=key, query=query)

    monkeypatch.setattr(chart_data, "offer", recorded)
    with seeded.warehouse.read() as con:
        (monitor,) = con.execute("SELECT min(monitor) FROM results").fetchall()[0]
    opened = {"traces": {"trace": seeded.trace_id}, "monitors": {"monitor": monitor}}
    for page, app in tour(seeded.home, in_full=True, **opened):
        _drawn(page, app)
        assert len(offered) == len(app.get("plotly_chart")), page
        with seeded.warehouse.read() as con:
            for rows, query in offered:
                assert rows, page
                text = chart_data.as_values(rows) if query is None else query.text()
                assert con.execute(text).fetchall(), (page, text)
        offered.clear()
