"""Durable OTLP ingest: spans acknowledged a second, and spans queryable a second.

A real `chainwatch serve`, two HTTP connections, gzipped protobuf requests of 400 spans of about 1.1 KB. A
span counts as acknowledged after fsync, and as queryable when it is in the warehouse.

    python benchmarks/ingest.py [--quick] [--json] [--requests N]
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import figure, tell
from benchmarks._otlp_load import ROOT, bodies, chainwatch, server

SPANS = 400
CONNECTIONS = 2
BAR = 10_000
_HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}


def send(url: str, load: Path) -> None:
    """Post every body of the file one after the other on one connection (run as a process of its own)."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    data = load.read_bytes()
    position = 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "little")
        body = data[position + 4 : position + 4 + size]
        position += 4 + size
        connection.request("POST", "/v1/traces", body, _HEADERS)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status


def measure(requests: int) -> dict[str, float]:
    """Seconds until everything is acknowledged and until everything is queryable."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        loads = []
        total = 0
        for number in range(CONNECTIONS):
            packed = bodies(number, requests // CONNECTIONS, SPANS)
            total += len(packed) * SPANS
            loads.append(Path(folder) / f"load{number}")
            loads[-1].write_bytes(b"".join(len(b).to_bytes(4, "little") + b for b in packed))
        with server(home) as (url, _):
            _wait_ready(url)
            started = time.perf_counter()
            senders = [
                subprocess.Popen([sys.executable, __file__, "--send", url, str(load)], cwd=ROOT)
                for load in loads
            ]
            codes = [s.wait() for s in senders]
            acknowledged = time.perf_counter() - started
            assert codes == [0] * CONNECTIONS, codes
            while _metric(url, "stored_spans_total") < total:
                time.sleep(0.1)
            queryable = time.perf_counter() - started
        answer = subprocess.run(
            chainwatch("query", "SELECT count(*) AS spans FROM spans", "--json"),
            env={"CHAINWATCH_HOME": str(home), "PATH": ""},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        stored = (
            json.loads(answer.stdout)[0]["spans"]
            if answer.returncode == 0
            else _metric_missing(answer.stderr)
        )
    return {"spans": total, "stored": stored, "acknowledged_s": acknowledged, "queryable_s": queryable}


def _metric_missing(reason: str) -> int:
    print(reason, file=sys.stderr)
    return -1


def _metric(url: str, name: str) -> float:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return next(
        float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"chainwatch_{name} ")
    )


def _wait_ready(url: str) -> None:
    """Until the storing process has made the warehouse: its start is not what is measured."""
    time.sleep(3)
    _metric(url, "stored_spans_total")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="100 requests instead of 1,000")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--requests", type=int)
    parser.add_argument("--send", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        send(options.send[0], Path(options.send[1]))
        return
    found = measure(options.requests or (100 if options.quick else 1000))
    spans = found["spans"]
    acknowledged, queryable = spans / found["acknowledged_s"], spans / found["queryable_s"]
    lost = spans - found["stored"]
    rows = [
        figure("spans acknowledged", round(acknowledged), "spans/s", bar=BAR, holds=acknowledged >= BAR),
        figure("spans queryable", round(queryable), "spans/s", bar=BAR, holds=queryable >= BAR),
        figure("spans acknowledged and not stored", lost, "spans", bar=0, holds=lost == 0),
    ]
    tell(rows, as_json=options.json)


if __name__ == "__main__":
    main()
