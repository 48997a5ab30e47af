"""Everything at once on one warehouse: a receiver under load, frequent monitor runs, open dashboards.

A real `chainwatch serve` takes gzipped OTLP over HTTP, `chainwatch run` starts every few seconds, and three
readers look: with `--dashboards` the real Streamlit app in three processes, else queries such as it makes. It
holds when every acknowledged span is stored once and nobody met an error.

    python benchmarks/together.py [--quick] [--json] [--seconds N] [--dashboards] [--cron "run"]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import figure, tell
from benchmarks._otlp_load import ROOT, bodies, chainwatch, server
from collectors.errors import ChainwatchError
from collectors.home import Home
from collectors.warehouse import Warehouse

SPANS = 100
READERS = 3
# The least that a person notices as stuck.
LONGEST_BAR_S = 15.0
_QUERIES = (
    "SELECT count(*), quantile_cont(duration_s, 0.95), avg((status = 'error')::INT) FROM spans",
    "SELECT date_trunc('minute', started_at), component, count(*), sum(cost_usd) FROM spans GROUP BY ALL",
    "SELECT * FROM incidents ORDER BY detected_at DESC LIMIT 20",
    "SELECT * FROM spans ORDER BY started_at DESC LIMIT 50",
)


@dataclass
class Log:
    """What one actor saw."""

    name: str
    turns: int = 0
    longest_s: float = 0.0
    errors: list[str] = field(default_factory=list)

    def turn(self, act: Callable[[], str | None]) -> None:
        """Do it once; it answers with an error or None."""
        started = time.monotonic()
        try:
            error = act()
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
        self.turns += 1
        self.longest_s = max(self.longest_s, time.monotonic() - started)
        if error:
            self.errors.append(error)


@dataclass
class Load:
    """The sender's counts."""

    sent: int = 0
    acknowledged: int = 0


def send(url: str, rate: float, until: float, log: Log, load: Load) -> None:
    """Post a request `rate` times a second; a refusal is an error here, as the spool never fills."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    seed = 0
    due = time.monotonic()
    while time.monotonic() < until:
        for body in bodies(seed := seed + 1, 10, SPANS):
            load.sent += SPANS
            log.turn(partial(_post, connection, body, load))
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))


def _post(connection: http.client.HTTPConnection, body: bytes, load: Load) -> str | None:
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    connection.request("POST", "/v1/traces", body, headers)
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        return f"HTTP {response.status}: {text[:200]!r}"
    load.acknowledged += SPANS
    return None


def cron(home: Path, arguments: list[str], every_s: float, until: float, log: Log) -> None:
    """Start the command, wait for its end, pause, again."""
    while time.monotonic() < until:
        log.turn(lambda: _command(home, arguments))
        time.sleep(every_s)


def _command(home: Path, arguments: list[str]) -> str | None:
    done = subprocess.run(
        chainwatch(*arguments),
        env={**os.environ, "CHAINWATCH_HOME": str(home), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else f"exit {done.returncode}: {done.stderr.strip()[-300:]}"


def read(home: Path, seconds: float, dashboards: bool) -> None:
    """One reader, as a process of its own; prints its log as JSON."""
    log = Log("reader")
    look = _app(home) if dashboards else _queries(home)
    # The imports of the first look are no wait for the warehouse.
    look()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        log.turn(look)
        time.sleep(0.5 * random.random())
    print(json.dumps(vars(log)))


def _queries(home: Path) -> Callable[[], str | None]:
    warehouse = Warehouse(Home(root=home).warehouse)

    def look() -> str | None:
        for query in _QUERIES:
            with warehouse.read() as con:
                con.execute(query).fetchall()
        return None

    return look


def _app(home: Path) -> Callable[[], str | None]:
    from streamlit.testing.v1 import AppTest

    os.environ["CHAINWATCH_HOME"] = str(home)
    app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)

    def look() -> str | None:
        app.run()
        found = [e.message for e in app.exception] + [e.value for e in app.error]
        return "; ".join(found) or None

    return look


def measure(options: argparse.Namespace, seconds: float) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        logs = {"sender": Log("sender"), "cron": Log("cron")}
        load = Load()
        with server(home) as (url, process):
            _first_span(url, home, load)
            until = time.monotonic() + seconds
            threads = [
                threading.Thread(target=send, args=(url, options.rate, until, logs["sender"], load)),
                threading.Thread(
                    target=cron, args=(home, options.cron.split(), options.every, until, logs["cron"])
                ),
            ]
            command = [sys.executable, __file__, "--read", str(home), "--seconds", str(seconds)]
            command += ["--dashboards"] if options.dashboards else []
            readers = [
                subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(READERS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for number, reader in enumerate(readers):
                out, _ = reader.communicate(timeout=120)
                seen = json.loads(out.splitlines()[-1]) if reader.returncode == 0 else {"errors": ["died"]}
                logs[f"reader {number + 1}"] = Log(**{"name": "reader", **seen})
            process.terminate()
            process.wait(timeout=120)
        stored, distinct = _stored(home)
    rows = [
        figure("spans sent", load.sent, "spans"),
        figure("spans acknowledged", load.acknowledged, "spans"),
        figure(
            "spans stored",
            stored,
            "spans",
            bar=load.acknowledged,
            holds=stored == load.acknowledged == distinct,
        ),
    ]
    for name, log in logs.items():
        rows.append(figure(f"{name}: turns", log.turns, "turns"))
        rows.append(figure(f"{name}: longest turn", round(log.longest_s, 2), "s"))
        for error in sorted(set(log.errors))[:3]:
            print(f"{name}: {error}", file=sys.stderr)
    longest = max(log.longest_s for name, log in logs.items() if name != "cron")
    errors = sum(len(log.errors) for log in logs.values())
    rows.append(
        figure(
            "longest wait of a sender or reader",
            round(longest, 2),
            "s",
            bar=LONGEST_BAR_S,
            holds=longest <= LONGEST_BAR_S,
        )
    )
    rows.append(figure("errors seen by anyone", errors, "errors", bar=0, holds=errors == 0))
    return rows


def _first_span(url: str, home: Path, load: Load) -> None:
    """A first request and its storing, so that the readers find a warehouse."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    load.sent += SPANS
    assert _post(connection, bodies(0, 1, SPANS)[0], load) is None
    connection.close()
    deadline = time.monotonic() + 60
    while True:
        try:
            if _stored(home)[0] == SPANS:
                return
        except ChainwatchError:
            # Not made yet.
            pass
        assert time.monotonic() < deadline, "the first request was not stored within a minute"
        time.sleep(0.2)


def _stored(home: Path) -> tuple[int, int]:
    with Warehouse(Home(root=home).warehouse).read() as con:
        row = con.execute("SELECT count(*), count(DISTINCT (trace_id, span_id)) FROM spans").fetchall()[0]
        return int(row[0]), int(row[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="20 seconds instead of 120")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rate", type=float, default=10, help="requests of 100 spans a second [default: 10]")
    parser.add_argument(
        "--every", type=float, default=3, help="pause between two monitor runs [default: 3 s]"
    )
    parser.add_argument("--cron", default="run", help="the chainwatch command that cron stands for")
    parser.add_argument("--dashboards", action="store_true", help="run the real Streamlit app three times")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    seconds = options.seconds or (20 if options.quick else 120)
    if options.read:
        read(options.read, seconds, options.dashboards)
        return
    rows = measure(options, seconds)
    tell(rows, as_json=options.json)


if __name__ == "__main__":
    main()
