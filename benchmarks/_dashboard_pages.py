"""The dashboard's pages in headless Chromium: when they are seen, when they are drawn, what a click takes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from collectors.home import Home

ROOT = Path(__file__).resolve().parents[1]
SESSIONS = 10
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
_PAGES = ("overview", "incident", "component", "traces", "quality", "compare", "monitors", "data", "help")
# The script of the page is done, and nothing on it is a placeholder any more.
_DONE = """() => {
    const app = document.querySelector('[data-testid="stApp"]');
    return app && app.getAttribute('data-test-script-state') === 'notRunning'
        && !document.querySelector('[data-testid="stSkeleton"]') && document.querySelector('h1');
}"""
_BUSY = _DONE.replace("return app", "return !(app").replace("('h1');", "('h1'));")
_LONGEST_MS = 120_000


@dataclass(frozen=True, kw_only=True)
class Page:
    """One figure. kind: seen (the title and first content), drawn (all of it), click, or memory."""

    name: str
    kind: str
    value: float
    unit: str


def pages(home: Home, repeats: int) -> Iterator[Page]:
    """Every page over a week and over 90 days, interactions, and the server's memory with ten open sessions.

    A session of its own for each page, the server warmed up by one look at every page.
    """
    from playwright.sync_api import sync_playwright

    if _CHROMIUM is None:
        sys.exit("no Chromium on this machine")
    with _served(home) as (url, server), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=_CHROMIUM, args=_OPTIONS)
        for path in _PAGES:
            _look(browser, f"{url}/{path}")
        for range_name in ("7d", "90d"):
            for path in _PAGES[:-1]:
                times = []
                for _ in range(repeats):
                    # What another look kept must not answer this one.
                    time.sleep(_KEPT_S)
                    times.append(_look(browser, f"{url}/{path}?range={range_name}"))
                for kind, place in (("seen", 0), ("drawn", 1)):
                    value = round(median(one[place] for one in times), 2)
                    yield Page(name=f"{path}, {range_name}: {kind}", kind=kind, value=value, unit="s")
        yield from _clicks(browser, url, repeats)
        open_pages = [browser.new_context().new_page() for _ in range(SESSIONS)]
        for number, page in enumerate(open_pages):
            page.goto(f"{url}/{_PAGES[number % len(_PAGES)]}?range=90d")
            page.wait_for_function(_DONE, timeout=_LONGEST_MS)
        yield Page(name="server with ten sessions", kind="memory", value=_resident_mb(server), unit="MB")
        browser.close()


# Longer than an answer of the warehouse is kept.
_KEPT_S = 11


def _look(browser: Any, address: str) -> tuple[float, float]:
    """Seconds until the page's title is seen, and until all is drawn, in a new session."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator("h1").first.wait_for(timeout=_LONGEST_MS)
    seen = time.perf_counter() - begun
    page.wait_for_function(_DONE, timeout=_LONGEST_MS)
    drawn = time.perf_counter() - begun
    context.close()
    return seen, drawn


def _clicks(browser: Any, url: str, repeats: int) -> Iterator[Page]:
    """Seconds from a click or a key to the page that is all drawn."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()

    def choose(label: str) -> Callable[[], None]:
        button = page.get_by_role("radio", name=label).first

        def clicked() -> None:
            button.click()

        return clicked

    def search(text: str) -> Callable[[], None]:
        def typed() -> None:
            box = page.get_by_placeholder("In inputs, outputs, error types, or a trace id")
            box.fill(text)
            box.press("Enter")

        return typed

    asked: tuple[tuple[str, str, Callable[[], None]], ...] = (
        ("overview: the range of 90 days", "overview?range=7d", choose("90d")),
        ("component: the range of 30 days", "component?range=7d", choose("30d")),
        ("traces: a search", "traces?range=7d", search("refund")),
        ("traces over 90 days: a search", "traces?range=90d", search("refund")),
        ("traces over 90 days: a word that nobody wrote", "traces?range=90d", search("qzxqzx")),
    )
    for name, path, act in asked:
        times = []
        for _ in range(repeats):
            page.goto(f"{url}/{path}")
            page.wait_for_function(_DONE, timeout=_LONGEST_MS)
            time.sleep(_KEPT_S)
            begun = time.perf_counter()
            act()
            page.wait_for_function(_BUSY, timeout=_LONGEST_MS)
            page.wait_for_function(_DONE, timeout=_LONGEST_MS)
            times.append(time.perf_counter() - begun)
        yield Page(name=name, kind="click", value=round(median(times), 2), unit="s")
    context.close()


@contextmanager
def _served(home: Home) -> Iterator[tuple[str, int]]:
    """The address of a dashboard over this home, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    code = "from dashboard.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "dashboard", "--no-browser", "--port", str(port)],
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
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def _resident_mb(process: int) -> float:
    """Resident memory of the process, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return round(kilobytes / 1000)
