"""False alarms of an installation whose traffic does not change, and of other tools on the same traffic.

The case: 30 days, 8 components with 2 fields of text each, a run every 15 minutes, 200 requests a window;
every monitor that is on by default, under the product's own evaluator, from the very first window on (a week
and a day of history is there when the 30 days begin; alarms before that are told apart). The promise is one
false alert in those 30 days for all of them together. Traffic: `_traffic.py`. Rules of other tools see 200
rows of every second window.

    python benchmarks/alarms.py --out alarms.jsonl     # may be stopped, and goes on where it was
    python benchmarks/alarms.py --out alarms.jsonl --show

Every stretch of days is a line of the file. `--quick` takes one component of each kind and three days.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from scipy.stats import chi2

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _figures import Figure, figure, finished, tell
from _peers import NUMBER_RULES, TEXT_RULES, WINDOW_ROWS, NumberPeers, TextPeers
from _traffic import KINDS, Requests, Traffic
from _watch import COMPONENTS, Watched, installation

LENGTH = timedelta(minutes=15)
DAY = timedelta(days=1) // LENGTH
HISTORY, DAYS = 8, 30  # days
STRETCH = 5  # days a line
LEVELS = (0.05, 0.01, 1e-3, 1e-4, 1e-5)
PEERS_EVERY = 2


def stretches(kind: str, seed: int, component: int, days: int, *, alone: bool) -> Iterator[dict[str, Any]]:
    """One component from its first window on: a line for its history, then one for each stretch of days.

    alone: without the rules of others.
    """
    traffic = Traffic(kind, seed=seed * COMPONENTS + component)
    watched = Watched(installation(), component, length=LENGTH)
    history: list[Requests] = []
    peers: dict[str, TextPeers | NumberPeers] = {}
    firing: set[str] = set()
    edges = [0, HISTORY, *range(HISTORY + STRETCH, HISTORY + days, STRETCH), HISTORY + days]
    for begin, end in itertools.pairwise(edges):
        began = time.process_time()
        said: Counter[str] = Counter()
        levels: dict[str, Counter[str]] = {}
        alarms: list[dict[str, Any]] = []
        for number in range(begin * DAY, end * DAY):
            requests = traffic.window(rows=WINDOW_ROWS)
            for result in watched.judge(watched.see(requests)):
                counts = levels.setdefault(result.check_name, Counter())
                counts["windows"] += result.p_value is not None
                if result.p_value is not None:
                    counts.update(str(level) for level in LEVELS if result.p_value < level)
                counts["in breach"] += result.status == "breach"
                counts["errors"] += result.status == "error"
                if result.status == "breach" and result.monitor not in firing:
                    alarms.append(
                        {
                            "monitor": result.monitor,
                            "day": number / DAY,
                            "p": result.p_value,
                            "effect": result.effect,
                            "reason": result.reason,
                        }
                    )
                (firing.add if result.status == "breach" else firing.discard)(result.monitor)
            if alone:
                continue
            if begin == 0:
                if number % 4 == 0:
                    history.append(requests)
            elif number % PEERS_EVERY == 0:
                peers = peers or learn(history, seed)
                history = []
                said.update(ask(peers, requests))
        yield {
            "kind": kind,
            "seed": seed,
            "component": component,
            "begin": begin,
            "end": end,
            "history": begin == 0,
            "alarms": alarms,
            "levels": levels,
            "peers": said,
            "cpu_s": round(time.process_time() - began, 1),
        }


def learn(history: list[Requests], seed: int) -> dict[str, TextPeers | NumberPeers]:
    """The rules of others, given the quiet week."""
    texts: dict[str, TextPeers | NumberPeers] = {
        name: TextPeers([r.texts[name] for r in history], seed) for name in history[0].texts
    }
    numbers = {
        name: NumberPeers([r.numbers[name] for r in history], seed)
        for name in ("input_tokens", "output_tokens")
    }
    return texts | numbers


def ask(peers: dict[str, TextPeers | NumberPeers], requests: Requests) -> Counter[str]:
    """Which rules alarm at this window, and how often any was asked."""
    said: Counter[str] = Counter()
    for name, rules in peers.items():
        if isinstance(rules, TextPeers):
            said.update(rules.alarms(requests.texts[name]))
            said.update(f"asked {rule}" for rule in TEXT_RULES)
        else:
            said.update(rules.alarms(requests.numbers[name]))
            said.update(f"asked {rule}" for rule in NUMBER_RULES)
    return said


def summary(lines: list[dict[str, Any]]) -> list[Figure]:
    """The figures of all lines, by kind of traffic."""
    figures = []
    for kind in KINDS:
        mine = [line for line in lines if line["kind"] == kind]
        watched = [line for line in mine if not line["history"]]
        days = sum(line["end"] - line["begin"] for line in watched)
        if not days:
            continue
        months = days / (DAYS * COMPONENTS)
        alarms = sum(len(line["alarms"]) for line in watched)
        low, high = poisson_interval(alarms)
        # One alert a month is kept unless so many are too many for chance, one time in twenty.
        figures += [
            figure(f"{kind}: days of one component watched", days, "days"),
            figure(
                f"{kind}: false alerts",
                alarms,
                "alerts",
                bar=f"{months:.2f} expected at most",
                holds=low <= months,
            ),
            figure(f"{kind}: alerts an installation-month", round(alarms / months, 2), "alerts", bar=1),
            figure(f"{kind}: surely more than (95 %)", round(low / months, 2), "alerts"),
            figure(f"{kind}: surely fewer than (95 %)", round(high / months, 2), "alerts"),
            # What it takes to show a rate of one a month when no other alert comes.
            figure(
                f"{kind}: days that would show one a month",
                math.ceil(high * DAYS * COMPONENTS),
                "days of one component",
            ),
            figure(
                f"{kind}: alerts in the first {HISTORY} days of components",
                sum(len(line["alarms"]) for line in mine if line["history"]),
                f"alerts in {sum(line['end'] for line in mine if line['history'])} days",
            ),
        ]
        checks: dict[str, Counter[str]] = {}
        for line in watched:
            for check, counts in line["levels"].items():
                checks.setdefault(check, Counter()).update(counts)
        for check, counts in sorted(checks.items()):
            shares = ", ".join(f"{counts[str(v)] / counts['windows']:.2g}" for v in LEVELS)
            figures.append(figure(f"{kind}: {check}, share of p < .05, .01, 1e-3 .. 1e-5", shares, ""))
            figures.append(figure(f"{kind}: {check}, judgements", counts["windows"], "windows"))
        said: Counter[str] = sum((Counter(line["peers"]) for line in watched), Counter())
        for rule in (*TEXT_RULES, *NUMBER_RULES):
            if not said[f"asked {rule}"]:
                continue
            rate = said[rule] / said[f"asked {rule}"]
            each = 2 * COMPONENTS * DAYS * DAY
            figures.append(
                figure(f"{kind}: {rule}, runs in alarm an installation-month", round(rate * each), "runs")
            )
    return figures


def poisson_interval(count: int, level: float = 0.9) -> tuple[float, float]:
    """The exact interval of a Poisson mean (Garwood 1936); each end alone is a bound of (1 + level) / 2.

    >>> [round(v, 2) for v in poisson_interval(0)]
    [0.0, 3.0]
    """
    tail = (1.0 - level) / 2.0
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    high = float(chi2.ppf(1 - tail, 2 * count + 2)) / 2
    return low, high


def read(path: Path) -> dict[tuple[str, int, int, int], dict[str, Any]]:
    """The finished stretches of a file."""
    return {(x["kind"], x["seed"], x["component"], x["begin"]): x for x in finished(path)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one component of each kind, three days")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of a table")
    parser.add_argument("--out", type=Path, help="file of finished stretches, to go on with")
    parser.add_argument("--show", action="store_true", help="only sum up what the file has")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--seed", type=int, default=0, help="of the installation")
    parser.add_argument("--components", type=int, nargs="*", default=list(range(COMPONENTS)))
    parser.add_argument("--alone", action="store_true", help="without the rules of other tools")
    parser.add_argument("--days", type=int, default=DAYS)
    options = parser.parse_args()
    components, days = ([0], 3) if options.quick else (options.components, options.days)
    done = read(options.out) if options.out else {}
    for component in [] if options.show else components:
        for kind in options.kinds:
            if all(
                (kind, options.seed, component, b) in done
                for b in (0, *range(HISTORY, HISTORY + days, STRETCH))
            ):
                continue
            for line in stretches(kind, options.seed, component, days, alone=options.alone):
                done[line["kind"], line["seed"], line["component"], line["begin"]] = line
                if options.out:
                    with options.out.open("a") as out:
                        out.write(json.dumps(line) + "\n")
    figures = summary(list(done.values()))
    tell(figures, as_json=options.json)
    raise SystemExit(1 if any(f["holds"] is False for f in figures) else 0)


if __name__ == "__main__":
    main()
