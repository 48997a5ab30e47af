"""Injected faults against what was found, over seeds that nothing was tuned on; and a fortnight without any.

For each seed: fourteen days of the sample assistant, through ingest and one monitor pass that catches up,
starting on another day of the week. A fault counts as found when an incident at the right component was
detected while it lasted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from collectors.config import Config
from collectors.context import Context
from collectors.home import Home
from monitors.runner import run_pass
from sample_logs.demo import DemoReport, end_of_data, outcome, prepare
from sample_logs.generate import START
from sample_logs.incidents import ALL

SEEDS = (7, 11, 23, 101)


def one(seed: int, *, shift: int, incidents: tuple[str, ...], models: Path) -> DemoReport:
    """One fortnight in a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(root=Path(folder) / "home").create()
        # The distilled encoder is the same for every home; making it anew would only cost time.
        home.models.symlink_to(models)
        start = START + timedelta(days=shift, hours=5 * shift)
        context = Context(home=home, config=Config({}, "defaults"), clock=lambda: start + timedelta(days=15))
        logs = prepare(
            context,
            seed=seed,
            start=start,
            days=14,
            requests_per_day=700,
            incidents=incidents,
            say=lambda _: None,
        )
        run_pass(context, now=end_of_data(logs), seed=0)
        return outcome(context.warehouse, logs)


def main() -> int:
    """Run, print, and return 0 when every bar holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one seed with faults and none without")
    parser.add_argument("--json", action="store_true", help="a list of {name, value, unit, bar, holds}")
    parser.add_argument("--seeds", type=int, nargs="*", help=f"default: {' '.join(map(str, SEEDS))}")
    options = parser.parse_args()
    seeds = options.seeds or (SEEDS[:1] if options.quick else SEEDS)
    models = Home.from_environment().create().models
    models.mkdir(exist_ok=True)
    rows = []
    for number, seed in enumerate(seeds):
        began = time.monotonic()
        report = one(seed, shift=number, incidents=ALL, models=models).as_json()
        name = f"seed {seed}"
        extra = len(report["wrong_component"]) + len(report["duplicates"])
        rows += [
            _row(
                f"{name}: faults found, right component", report["matched_incidents"], "of 4", 4, least=True
            ),
            _row(f"{name}: false alarms on quiet days", report["false_alarms_on_quiet_days"], "incidents", 1),
            _row(f"{name}: wrong component or duplicate", extra, "incidents", 0),
            _row(f"{name}: slowest detection", max(report["delay_hours"].values(), default=-1.0), "h", None),
            _row(f"{name}: whole demo", round(time.monotonic() - began, 1), "s", None),
        ]
        _show(options.json, rows[-5:])
        if not options.json:
            for incident in report["incidents"]:
                print(
                    "      ",
                    incident["truth"],
                    "|",
                    incident["component"],
                    "|",
                    incident["title"],
                    flush=True,
                )
        if not options.quick:
            report = one(seed, shift=number, incidents=(), models=models).as_json()
            rows.append(
                _row(f"{name}, no faults: incidents in 14 days", report["false_alarms"], "incidents", 1)
            )
            _show(options.json, rows[-1:])
    if options.json:
        print(json.dumps(rows, indent=2))
    return 0 if all(row["holds"] in (True, None) for row in rows) else 1


def _row(name: str, value: float, unit: str, bar: float | None, *, least: bool = False) -> dict[str, object]:
    holds = None if bar is None else (value >= bar if least else value <= bar)
    return {"name": name, "value": value, "unit": unit, "bar": bar, "holds": holds}


def _show(as_json: bool, rows: list[dict[str, object]]) -> None:
    for row in [] if as_json else rows:
        verdict = {True: "holds", False: "FAILS", None: ""}[row["holds"]]  # type: ignore[index]
        print(
            f"{row['name']:60} {row['value']:>8} {row['unit']:10} bar {row['bar']!s:>5}  {verdict}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
