"""The dashboard's pages in headless Chromium: when they are seen, when they are drawn, what a click takes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from collectors.home import Home

ROOT = Path(__file__).resolve().parents[1]
SESSIONS = 10
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
_SCREEN: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
_PAGES = ("overview", "incident", "component", "traces", "quality", "compare", "monitors", "data", "help")
# Under the title stands something that was read: a table, a chart, a message, a card.
_CONTENT = """() => document.querySelector(
    '[data-testid="stAlert"], [data-testid="stDataFrame"], [data-testid="stTable"], h2, h3,' +
    '[data-testid="stPlotlyChart"] .main-svg, [data-testid="stMetric"]')"""
# The script of the page is done, nothing on it is a placeholder any more, and every chart has its lines.
DONE = """() => {
    const all = (what) => [...document.querySelectorAll(`[data-testid="${what}"]`)];
    const app = all('stApp')[0];
    return app && app.getAttribute('data-test-script-state') === 'notRunning' && document.querySelector('h1')
        && !all('stSkeleton').length && !all('stSpinner').length
        && all('stPlotlyChart').every((chart) => chart.querySelector('.main-svg'));
}"""
# What is on the screen is of the new run: nothing there is of the one before or on its way.
_ANSWERED = """() => {
    const onScreen = (element) => {
        const box = element.getBoundingClientRect();
        return box.height > 0 && box.bottom > 0 && box.top < window.innerHeight;
    };
    const all = (what) => [...document.querySelectorAll(what)].filter(onScreen);
    return window.ran && document.querySelector('h1')
        && !all('[data-stale="true"], [data-testid="stSkeleton"], [data-testid="stSpinner"]').length
        && all('[data-testid="stPlotlyChart"]').every((chart) => chart.querySelector('.main-svg'));
}"""
# From here on it is known whether the script ran, however short that was.
_WATCH = """() => {
    window.ran = false;
    const app = document.querySelector('[data-testid="stApp"]');
    const look = () => { window.ran ||= app.getAttribute('data-test-script-state') !== 'notRunning'; };
    new MutationObserver(look).observe(app, {attributes: true});
}"""
_LONGEST_S = 60
# Looking at each frame would lay out the page anew each time, and be a third of what is measured.
_LOOK_MS = 25
# Every look and every click reads anew: the file is touched before it, as if something had been stored, and
# the server looks at the file whenever it reads.
_SERVER = """
from dashboard import cached
from dashboard.cli import main
cached.KEEP_S = 0
main()
"""
_PAUSE_S = 0.6


@dataclass(frozen=True, kw_only=True)
class Page:
    """One figure.

    Attributes:
        kind: seen (the title), content (something that stands below it), drawn (all of it), click (what is on
            the screen after one), redrawn (all of it after one), or memory.
        value: the median; None when it took longer than anybody waits.
        least: the least of all, which others on the machine disturbed least.
        cpu_s: of the server, the median.
    """

    name: str
    kind: str
    value: float | None
    unit: str
    least: float | None = None
    cpu_s: float | None = None


def pages(home: Home, repeats: int, known: Set[str]) -> Iterator[Page]:
    """Every page over a week and over 90 days, interactions, and the server's memory with ten open sessions.

    A session of its own for each look, in a browser that knows the program of the page; `never here` is one
    that does not. Figures that are known are left out.
    """
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        sys.exit("no Chromium on this machine")
    with _served(home) as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        context = browser.new_context(**_SCREEN)
        _look(context, server, "help")
        for range_name in ("7d", "90d"):
            for path in _PAGES[:-1]:
                name = f"{path}, {range_name}"
                if f"{name}: drawn" not in known:
                    looks = [_look(context, server, f"{path}?range={range_name}") for _ in range(repeats)]
                    yield from _told(name, looks)
        if "overview, never here: drawn" not in known:
            looks = [
                _look(browser.new_context(**_SCREEN), server, "overview?range=90d") for _ in range(repeats)
            ]
            yield from _told("overview, never here", looks)
        yield from _clicks(context, server, repeats, known)
        if (name := "server with ten sessions") not in known:
            for number in range(SESSIONS):
                page = context.new_page()
                page.goto(f"{server.url}/{_PAGES[number % len(_PAGES)]}?range=90d")
                _wait(page, DONE)
            yield Page(name=name, kind="memory", value=server.resident_mb, unit="MB")
        browser.close()


@dataclass(frozen=True, kw_only=True)
class _Server:
    """The dashboard that is looked at: its address, its process, and the file that it reads."""

    url: str
    process: int
    warehouse: Path

    @property
    def cpu_s(self) -> float:
        """Seconds of processor that the process has used."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident_mb(self) -> float:
        """Resident memory of the process, in MB."""
        status = Path(f"/proc/{self.process}/status").read_text()
        kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        return round(kilobytes / 1000)


_Look = dict[str, float | None]
Act = Callable[[], Callable[[], None]]


def _told(name: str, looks: list[_Look]) -> Iterator[Page]:
    """A figure for each stage of the looks; the last one carries what the server used for all of it."""
    *stages, last = (kind for kind in looks[0] if kind != "cpu_s")
    for kind in (*stages, last):
        times = [look[kind] for look in looks]
        yield Page(
            name=f"{name}: {kind}",
            kind=kind,
            value=_middle(times),
            unit="s",
            least=min((t for t in times if t is not None), default=None),
            cpu_s=_middle([look["cpu_s"] for look in looks]) if kind == last else None,
        )


def _middle(times: list[float | None]) -> float | None:
    """The median; one that was never reached is longer than any."""
    middle = median(float("inf") if t is None else t for t in times)
    return None if middle == float("inf") else round(middle, 2)


def _look(context: Any, server: _Server, path: str) -> _Look:
    """Seconds until the page's title is seen, until more is, and until all is drawn, in a new session."""
    time.sleep(_PAUSE_S)
    page = context.new_page()
    server.warehouse.touch()
    begun, cpu = time.perf_counter(), server.cpu_s
    page.goto(f"{server.url}/{path}", wait_until="commit")
    found = _times(
        page, begun, {"seen": "() => document.querySelector('h1')", "content": _CONTENT, "drawn": DONE}
    )
    found["cpu_s"] = round(server.cpu_s - cpu, 2)
    page.close()
    return found


def _times(page: Any, begun: float, stages: Mapping[str, str]) -> _Look:
    """Seconds since `begun` until the page reached each of these in turn; None if it never did."""
    found: _Look = {}
    for kind, reached in stages.items():
        there = _wait(page, reached)
        found[kind] = round(time.perf_counter() - begun, 2) if there else None
    return found


def _clicks(context: Any, server: _Server, repeats: int, known: Set[str]) -> Iterator[Page]:
    """Seconds from a click or a key until the screen answers it, and until all of the page is drawn."""
    page = context.new_page()

    # Each prepares what is needed and returns the click or the key.
    def press(role: Any, label: str) -> Act:
        return lambda: page.get_by_role(role, name=label).first.click

    def search(text: str) -> Act:
        def typed() -> Callable[[], None]:
            box = page.get_by_placeholder("In inputs, outputs, error types, or a trace id")
            box.fill(text)
            return lambda: box.press("Enter")

        return typed

    def choose(label: str, option: str) -> Act:
        def opened() -> Callable[[], None]:
            page.get_by_label(label, exact=False).first.click()
            chosen = page.get_by_role("option", name=option).first
            chosen.wait_for()
            return chosen.click

        return opened

    asked: tuple[tuple[str, str, Act], ...] = (
        ("overview: the range of 90 days", "overview?range=7d", press("radio", "90d")),
        ("overview over 90 days: another chain", "overview?range=90d", choose("Chain", "search")),
        ("component: the range of 30 days", "component?range=7d", press("radio", "30d")),
        ("component: the range of 90 days", "component?range=7d", press("radio", "90d")),
        ("component over 90 days: another one", "component?range=90d", choose("Component", "retriever")),
        ("traces: a search", "traces?range=7d", search("refund")),
        ("traces over 90 days: a search", "traces?range=90d", search("refund")),
        ("traces over 90 days: a word that nobody wrote", "traces?range=90d", search("qzxqzx")),
        ("traces over 90 days: failed ones", "traces?range=90d", choose("Status", "Failed")),
        ("traces over 90 days: the next page", "traces?range=90d&status=error", press("button", "2")),
        ("compare over 90 days: two versions", "compare?range=90d", press("radio", "Two versions")),
    )
    for what, path, act in asked:
        if f"{what}: redrawn" in known:
            continue
        looks: list[_Look] = []
        for _ in range(repeats):
            page.goto(f"{server.url}/{path}")
            _wait(page, DONE)
            page.evaluate(_WATCH)
            time.sleep(_PAUSE_S)
            click = act()
            server.warehouse.touch()
            begun, cpu = time.perf_counter(), server.cpu_s
            click()
            look = _times(page, begun, {"click": _ANSWERED, "redrawn": f"() => window.ran && ({DONE})()"})
            looks.append({**look, "cpu_s": round(server.cpu_s - cpu, 2)})
        yield from _told(what, looks)
    page.close()


def _wait(page: Any, reached: str) -> bool:
    """Whether the page came that far."""
    from playwright.sync_api import TimeoutError as TooLateError

    try:
        page.wait_for_function(reached, timeout=_LONGEST_S * 1000, polling=_LOOK_MS)
    except TooLateError:
        return False
    return True


@contextmanager
def _served(home: Home) -> Iterator[_Server]:
    """A dashboard over this home."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, "dashboard", "--no-browser", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "CHAINWATCH_HOME": str(home.root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                    break
            except OSError:
                if process.poll() is not None:
                    sys.exit("the dashboard did not start")
                time.sleep(0.2)
        yield _Server(url=url, process=process.pid, warehouse=home.warehouse)
    finally:
        process.terminate()
        process.wait()
