"""What `new_topic` says of traffic that does not change: many short streams, each with a week of its own.

Made-up traffic of all kinds (`_traffic.py`: quarter hours, 64 of some 200 texts, both fields, every hour
of two days judged) and real texts (`_topic_traffic.py`: 40 an hour, shares that wander, every third hour of
three days). A day lies between the reference and what is judged. Windows of a stream overlap, so spells
count too: judgements below a level one after another.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from _figures import finished
from _topic_traffic import Rows, TopicTraffic
from _traffic import KINDS, Traffic

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, NotReady, Reference, WindowSample
from monitors.result import Window

LEVELS = (0.05, 0.01, 1e-3, 1e-4, 1e-5)
# What each of the monitors of `alarms.py` may spend on a window.
ALPHA = 1.0 / (2880 * 96)
_QUARTER, _CAP = timedelta(minutes=15), 64
_SCALE = 24  # windows that are looked at together at most
Bank = tuple[Rows, Sequence[str]]
Series = Mapping[str, list[WindowSample]]


def run(banks: Mapping[str, Bank], seeds: Sequence[int], out: Path | None, *, only: Sequence[str]) -> None:
    """Judge every stream that the file lacks, of these kinds or of all, then tell of what the file has."""
    lines = finished(out) if out else []
    done = {(x["traffic"], x["seed"]) for x in lines}
    for seed in seeds:
        for name in (*KINDS, *banks):
            if (name, seed) in done or (only and name not in only):
                continue
            line = stream(name, seed, banks.get(name))
            lines.append(line)
            if out:
                with out.open("a") as opened:
                    opened.write(json.dumps(line) + "\n")
    tell(lines)


def stream(name: str, seed: int, bank: Bank | None) -> dict[str, Any]:
    """One component: the p-values of its fields in their order, and how many were breaches."""
    began = time.process_time()
    if bank is None:
        series, week, first, step = made_up(name, seed), 7 * 96, 8 * 96, 4
    else:
        series, week, first, step = texts(bank, seed), 7 * 24, 8 * 24, 3
    drawn = time.process_time()
    found: dict[str, list[float]] = {}
    breaches = 0
    for field, windows in series.items():
        reference = Reference(kind="drift", name="made up", windows=tuple(windows[:week]))
        model = CHECKS.get("new_topic").fit(reference, settings=CheckSettings(), seed=seed)
        if isinstance(model, NotReady):
            raise SystemExit(f"{name}: {model.reason}")
        for last in range(first + step, len(windows) + 1, step):
            said = model.evaluate(windows[max(first, last - _SCALE) : last], alpha=ALPHA)
            found.setdefault(field, []).append(1.0 if said.p_value is None else said.p_value)
            breaches += said.status == "breach"
    return {
        "traffic": name,
        "seed": seed,
        "p": found,
        "breaches": breaches,
        "cpu_s": round(time.process_time() - drawn, 2),
        "drawn_cpu_s": round(drawn - began, 2),
    }


def made_up(kind: str, seed: int) -> Series:
    """Ten days of quarter hours of both fields."""
    traffic = Traffic(kind, seed=seed)
    made: dict[str, list[WindowSample]] = {}
    for number in range(10 * 96):
        requests = traffic.window(rows=_CAP)
        window = Window(start=requests.start, end=requests.start + _QUARTER)
        for field, rows in requests.texts.items():
            keys = tuple(f"{number}-{i}/s" for i in range(len(rows)))
            made.setdefault(field, []).append(WindowSample(window=window, n=requests.n, rows=rows, keys=keys))
    return made


def texts(bank: Bank, seed: int) -> Series:
    """Eleven days of hours, of twelve topics (or all but one, where there are fewer)."""
    known = min(12, len(set(bank[1])) - 1)
    return {"text": TopicTraffic(*bank, seed=seed, overdispersed=True, known=known).days(0, 11)}


def tell(lines: Sequence[Mapping[str, Any]]) -> None:
    """Print one row for each kind of traffic, and one of all."""
    names = list(dict.fromkeys(line["traffic"] for line in lines))
    sys.stdout.write("| traffic | streams | judged | p < .05 | < .01 | < 1e-3 | < 1e-4 | < 1e-5 | smallest ")
    sys.stdout.write("| spells < .01, 1e-3, 1e-4 | breach |\n|" + "---|" * 11 + "\n")
    for name in (*names, "all"):
        mine = [line for line in lines if name in (line["traffic"], "all")]
        series = [np.array(values) for line in mine for values in line["p"].values()]
        p = np.concatenate(series)
        rates = " | ".join(f"{(p < level).mean():.2%} ({(p < level).sum()})" for level in LEVELS)
        spells = ", ".join(str(sum(_spells(one < level) for one in series)) for level in LEVELS[1:4])
        sys.stdout.write(
            f"| {name} | {len(series)} | {p.size} | {rates} | {p.min():.1e} | {spells} "
            f"| {sum(line['breaches'] for line in mine)} |\n"
        )


def _spells(below: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    """How many stretches of True there are.

    >>> _spells(np.array([True, True, False, True]))
    2
    """
    return int(np.count_nonzero(below & ~np.r_[False, below[:-1]]))
