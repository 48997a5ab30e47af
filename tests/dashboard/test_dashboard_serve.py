"""`chainwatch dashboard` as a process: it answers, it says where, it stops cleanly, it refuses clearly."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.context import Context
from dashboard.serve import _is_local, _shown, serve_dashboard

ROOT = Path(__file__).resolve().parents[2]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(home: Path, *options: str) -> subprocess.Popen[str]:
    code = "from dashboard.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "dashboard", "--no-browser", *options],
        cwd=ROOT,
        env={**os.environ, "CHAINWATCH_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def serving(
    home: Path, *options: str, port: int | None = None
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A served dashboard, once it answers; stopped at the end."""
    port = port or _free_port()
    process = _start(home, "--port", str(port), *options)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 180
        while True:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "the dashboard did not answer"
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
                    assert answer.status == 200
                break
            except OSError:
                time.sleep(0.1)
        yield url, process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_says_where_and_stops_cleanly(stop: signal.Signals, tmp_path: Path) -> None:
    with serving(tmp_path / "home") as (url, process):
        time.sleep(0.5)
        process.send_signal(stop)
        said, complained = process.communicate(timeout=180)
    assert process.returncode == 0
    assert f"Dashboard: {url}" in said
    assert "No login" in said
    assert "Traceback" not in complained
    assert not (tmp_path / "home").exists(), "serving alone stores nothing"


def test_a_taken_port_is_a_sentence_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = _start(tmp_path, "--port", str(port))
        said, complained = process.communicate(timeout=180)
    assert process.returncode == 1
    assert f"127.0.0.1:{port}" in complained
    assert "--port" in complained
    assert "Traceback" not in said + complained


def test_listening_to_everybody_without_a_login_is_refused(tmp_path: Path) -> None:
    process = _start(tmp_path, "--host", "0.0.0.0", "--port", str(_free_port()))
    said, complained = process.communicate(timeout=180)
    assert process.returncode == 2
    assert "[dashboard.auth]" in complained
    assert "Traceback" not in said + complained


def test_listening_to_everybody_is_warned_of_when_it_is_meant(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", "--without-login") as (_, process):
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=60)
    assert "no login" in complained


def test_what_counts_as_local() -> None:
    assert _is_local("127.0.0.1")
    assert _is_local("localhost")
    assert _is_local("::1")
    assert not _is_local("0.0.0.0")
    assert not _is_local("10.1.2.3")
    assert not _is_local("dashboards.example")
    assert _shown("0.0.0.0") == "localhost"
    assert _shown("::1") == "[::1]"


def test_what_was_kept_from_the_collector_is_given_back(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise stopping prints a page of warnings about objects that were never freed."""
    monkeypatch.setattr("streamlit.web.cli.main", lambda *_, **__: gc.freeze())
    monkeypatch.setattr("dashboard.serve._announce", lambda *_: None)
    # It hands the home on to the pages by the environment.
    monkeypatch.setenv("CHAINWATCH_HOME", str(context.home.root))
    serve_dashboard(context, host="127.0.0.1", port=_free_port(), browser=False)
    assert gc.get_freeze_count() == 0
