"""Warehouses in the states that a page can meet, and the app on top of one of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
import seeded_quality
from driven_browser import chromium
from seeded_warehouse import Seeded, build
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import cached
from dashboard.figures import Figure

APP = Path(dashboard.__file__).parent / "app.py"
Open = Callable[..., AppTest]
Start = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def _packages_are_searched_once() -> Iterator[None]:
    """Every AppTest has Streamlit read the metadata of all installed packages, half a second each time."""
    with pytest.MonkeyPatch.context() as patch:
        search = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", search)
        yield


@pytest.fixture(scope="session", autouse=True)
def _charts_are_checked() -> Iterator[None]:
    """Pages hand Plotly what they draw unchecked; here Plotly checks each value of each chart."""

    def checked(figure: Figure) -> Any:
        return go.Figure({"data": figure.data, "layout": figure.layout})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "plotly", checked)
        yield


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A chain of six with an open incident."""
    return build(tmp_path_factory.mktemp("seeded"), days=4, traces_per_day=40)


@pytest.fixture(scope="session")
def unwatched(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """The same spans before the first monitor run."""
    return build(tmp_path_factory.mktemp("unwatched"), days=1, traces_per_day=30, with_run=False)


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """A chain of one component, watched, with no incident."""
    return build(tmp_path_factory.mktemp("alone"), days=2, traces_per_day=30, parts=(), with_incident=False)


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Three days with a judge, two people, and one component less than usual."""
    made = build(tmp_path_factory.mktemp("judged"), days=3, traces_per_day=45, with_incident=False)
    seeded_quality.judged(made)
    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all journeys."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def served(browser: Any, seeded: Seeded) -> Iterator[str]:
    """The address of one dashboard over the seeded chain, for all journeys; they do not write to it."""
    from test_dashboard_serve import serving

    with serving(seeded.home) as (url, _):
        yield url


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """`start(home)`: the app on one home, before its first page."""
    monkeypatch.chdir(tmp_path)  # no chainwatch.toml of the developer's
    monkeypatch.delenv("CHAINWATCH_CONFIG", raising=False)
    cached.forget()
    cached._last_good.clear()

    def started(home: Path, zone: str | None = "Europe/Berlin") -> AppTest:
        # The first run only registers the pages, so it is given nothing to draw.
        monkeypatch.setenv("CHAINWATCH_HOME", str(tmp_path / "nowhere"))
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.context = {"timezone": zone} if zone else {}
        app.run()
        monkeypatch.setenv("CHAINWATCH_HOME", str(home))
        return app

    return started


def shown(app: AppTest, page: str, **params: str) -> AppTest:
    """The app after it went to a page."""
    app.switch_page(f"app_pages/{page}.py")
    app.query_params.clear()
    app.query_params.update(params)
    return app.run()


@pytest.fixture
def open_page(start: Start) -> Open:
    """`open_page("incident", home, incident="...")`: one page of the app, drawn once."""

    def opened(page: str, home: Path, zone: str | None = "Europe/Berlin", **params: str) -> AppTest:
        return shown(start(home, zone), page, **params)

    return opened


def written_html(app: AppTest) -> list[str]:
    """The HTML that a page writes, but for the app's own style sheet."""
    own = f"<style>{(APP.parent / 'charts.css').read_text('utf-8')}</style>"
    return [element.proto.body for element in app.get("html") if element.proto.body != own]


def links(app: AppTest) -> list[str]:
    """What the links to other pages say, as a reader sees it."""
    return [str(link.proto.label).replace("\\", "").replace("\u2060", "") for link in app.get("page_link")]


def words(app: AppTest) -> str:
    """Everything that the page says in text elements, as a reader sees it: without Markdown's escapes."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "text", "code")
    said = [str(element.value) for kind in kinds for element in getattr(app, kind)]
    said += [
        f"{box.proto.title} {box.value}"
        for kind in ("error", "warning", "success", "info")
        for box in getattr(app, kind)
    ]
    said += [f"{m.label} {m.value}" for m in app.metric]
    return "\n".join(said).replace("\\", "").replace("\u2060", "")
