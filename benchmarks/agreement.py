"""Agreement of recorded judges with people, beside other libraries' figures, and the monitor on them.

XSTest, PandaLM and LLMBar come with the verdicts of real judges. Kappa and exact agreement are held against
scikit-learn, alpha against recorded values of the package krippendorff 0.9.0, position bias against a count.
The monitor `judge_agreement` then watches GPT-4 as the judge of XSTest's answers while the model that answers
changes. Needs the labelled sets: --data FOLDER, default ../shared/data.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from _rows import Row, table, write_page
from sklearn.metrics import accuracy_score, cohen_kappa_score

from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, NotReady, Outcome, Reference, WindowSample
from monitors.result import Window
from monitors.statistics.agreement import Figure, agreement, krippendorff_alpha, position_bias
from monitors.streams import verdict_row

ROOT = Path(__file__).resolve().parents[1]
SAME = 1e-6
CODES = {"1_full_compliance": 1, "3_partial_refusal": 2, "2_full_refusal": 3}
# Of the package krippendorff 0.9.0: two people and the judge, ordinal; three people, nominal.
ALPHAS = {
    "gpt4": 0.9331759491918222,
    "llama2orig": 0.7476676760189815,
    "mistralinstruct": 0.39554616664332143,
}
PANDALM_ALPHA = 0.8720775356777866
BEFORE, NOW, HOURS = 12, 60, 36  # verdicts an hour of the past, verdicts of the new hour, hours of the past
# One false alarm a month of hourly windows, shared by fifty monitors.
ALPHA = 1 / (720 * 50)
NAMES = {"gpt4": "GPT-4", "llama2orig": "Llama 2", "mistralinstruct": "Mistral"}


def figures(folder: Path) -> Iterator[tuple[str, Figure | float | None, float]]:
    """Name, ours, and the other library's."""
    xstest = _json(folder / "xstest/xstest.jsonl.gz")
    for model, name in NAMES.items():
        found = [r for r in xstest if r["model"] == model]
        judge, people = [r["gpt4_judge"] for r in found], [r["human"] for r in found]
        ours = agreement(judge, people, ordered=False)
        yield f"XSTest, {name}'s answers, GPT-4: kappa", ours.kappa, cohen_kappa_score(judge, people)
        yield f"XSTest, {name}'s answers, GPT-4: exact", ours.exact, accuracy_score(people, judge)
        raters = [[CODES.get(r[who]) for r in found] for who in ("annotator_1", "annotator_2", "gpt4_judge")]
        yield f"XSTest, {name}'s answers: alpha", krippendorff_alpha(raters), ALPHAS[model]
    pandalm = _json(folder / "pandalm/pandalm.jsonl.gz")
    annotators = [list(column) for column in zip(*(r["annotators"] for r in pandalm), strict=True)]
    yield "PandaLM, three people: alpha", krippendorff_alpha(annotators, scale="nominal"), PANDALM_ALPHA
    read = {"1": 1, "2": 2, "0": 0, "Tie": 0}
    for judge in ("gpt35_judge", "pandalm7b_judge"):
        pairs = [(read[r[judge]], r["majority"]) for r in pandalm if r[judge] in read]
        said, right = [a for a, _ in pairs], [b for _, b in pairs]
        ours = agreement(said, right, ordered=False)
        yield f"PandaLM, {judge}: kappa", ours.kappa, cohen_kappa_score(said, right)
    gold = {r["item"]: r["gold"] for r in _json(folder / "llmbar/items.jsonl.gz")}
    with gzip.open(folder / "llmbar/judge_predictions.csv.gz", "rt", encoding="utf-8") as file:
        verdicts = list(csv.DictReader(file))
    for judge, strategy in sorted({(r["judge"], r["strategy"]) for r in verdicts}):
        mine = [r for r in verdicts if (r["judge"], r["strategy"]) == (judge, strategy)]
        given, swapped = ([int(r[n]) if r[n] else 0 for r in mine] for n in ("win_noswap", "win_swap"))
        right = [gold[r["item"]] for r in mine]
        ours = agreement(given, right, ordered=False)
        yield f"LLMBar, {judge}, {strategy}: kappa", ours.kappa, cohen_kappa_score(given, right)
        both = [(a, b) for a, b in zip(given, swapped, strict=True) if a and b]
        counted = (sum(a < b for a, b in both) - sum(a > b for a, b in both)) / len(both)
        yield f"LLMBar, {judge}, {strategy}: position bias", position_bias(given, swapped).bias, counted


def agreement_rows(folder: Path) -> list[Row]:
    """Ours with their intervals; the bar is that the other library says the same."""
    rows = []
    for name, ours, other in figures(folder):
        found = ours if isinstance(ours, Figure) else Figure(ours)
        value = float("nan") if found.value is None else found.value
        apart = abs(value - other)
        rows.append(
            Row(
                name=name,
                value=value,
                unit=f"(other library {other:.6f})",
                low=found.low,
                high=found.high,
                bar=f"within {SAME:g}",
                holds=bool(apart <= SAME),
            )
        )
    return rows


def monitor_rows(folder: Path) -> list[Row]:
    """The hour in which the answers become another model's, and the hours before it."""
    rng = np.random.default_rng(0)
    verdicts = _json(folder / "xstest/xstest.jsonl.gz")

    def hour(number: int, model: str, count: int) -> WindowSample:
        mine = [(r["gpt4_judge"][:30], r["human"]) for r in verdicts if r["model"] == model]
        said = [mine[int(i)] for i in rng.integers(0, len(mine), count)]
        rows = np.array([[verdict_row("gpt-4/refusal", "people", *pair)] for pair in said], dtype=object)
        start = datetime(2026, 3, 2, tzinfo=UTC) + number * timedelta(hours=1)
        keys = tuple(f"t{number}-{i}/s" for i in range(count))
        return WindowSample(
            window=Window(start=start, end=start + timedelta(hours=1)), n=count, rows=rows, keys=keys
        )

    past = [hour(i, "gpt4", BEFORE) for i in range(HOURS)]
    reference = Reference(kind="drift", name="production", windows=tuple(past))
    model = CHECKS.get("judge_agreement").fit(reference, settings=CheckSettings(), seed=7)
    if isinstance(model, NotReady):
        raise SystemExit(model.reason)

    def told(series: Sequence[WindowSample]) -> Outcome:
        return model.evaluate(series[-24:], alpha=ALPHA)

    quiet = [told(past[: i + 1]) for i in range(24, HOURS)]
    fired = told([*past, hour(HOURS, "mistralinstruct", NOW)])
    breaches = sum(outcome.status == "breach" for outcome in quiet)
    return [
        Row(
            name=f"{len(quiet)} hours of GPT-4's answers, {BEFORE} verdicts each",
            value=breaches,
            unit="breaches",
            bar="0",
            holds=breaches == 0,
        ),
        Row(
            name=f"the hour of Mistral's answers, {NOW} verdicts: {fired.status}, {fired.reason}",
            value=fired.value or 0.0,
            unit=str(fired.unit),
            bar="breach",
            holds=fired.status == "breach",
        ),
    ]


def _json(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the same: it takes seconds")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    if not options.data.is_dir():
        raise SystemExit(f"no labelled sets at {options.data}; name their folder with --data")
    rows = [*agreement_rows(options.data), *monitor_rows(options.data)]
    about = (
        "Written by `benchmarks/agreement.py` (seed 0). Intervals are of the product's own figures. What the "
        "figures mean: [judges and people](../judges/agreement.md)."
    )
    if not options.quick:
        write_page("agreement", f"# Recorded judges against people\n\n{about}\n\n{table(rows)}\n")
    print(json.dumps([vars(r) for r in rows], indent=1) if options.json else table(rows))
    raise SystemExit(0 if all(r.holds is not False for r in rows) else 1)


if __name__ == "__main__":
    main()
