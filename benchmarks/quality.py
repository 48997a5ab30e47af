"""The local scorer against people's labels, beside two floors: word overlap and answer length; how often the
intervals of quality estimates hold; and what a day of 100,000 answers costs with and without the cascade.
`--only cost` is the last, `--only quality` all but it.

AUROC on data that the model has not seen: five folds by question or conversation, intervals by
bootstrap over those groups. `--quick` draws fewer bootstrap samples and times fewer answers; the
figures themselves are the same. Needs the labelled sets: --data FOLDER, default ../shared/data.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from _cost import cost_page, cost_rows
from _coverage import WORLDS, least_coverage, measure, overlooks, too_kind
from _rows import Row, table, write_page
from numpy.typing import NDArray

from collectors.home import Home
from collectors.model import Document
from monitors.config import EmbeddingConfig
from monitors.embedding.encoder import Encoder, open_encoder
from monitors.judges.grade import JudgedSpan
from monitors.judges.grading import local_grades
from monitors.judges.train_local import TrainingSet, fit, held_out, training_sets

ROOT = Path(__file__).resolve().parents[1]
GOOD_RATING = 2 / 3  # three of four points
Scores = NDArray[np.float64]


class Labelled:
    """The examples of one family of sources, with labels and groups."""

    def __init__(self, data: TrainingSet, family: str, probability: Scores) -> None:
        chosen = np.array([e.source.split("/")[0] == family for e in data.examples])
        self.examples = [e for e, keep in zip(data.examples, chosen, strict=True) if keep]
        self.label = data.target[chosen] >= GOOD_RATING
        self.probability = probability[chosen]
        groups: dict[str, list[int]] = {}
        for place, example in enumerate(self.examples):
            groups.setdefault(example.group, []).append(place)
        self._groups = [np.array(places) for places in groups.values()]

    def auroc(self, score: Scores) -> float:
        return auroc(self.label, score)

    def bootstrap(self, statistic: Callable[[NDArray[np.intp]], float], draws: int) -> tuple[float, float]:
        """A 95 % interval; whole groups are drawn, for answers to one question are not independent."""
        rng = np.random.default_rng(0)
        found = []
        for _ in range(draws):
            picked = rng.integers(0, len(self._groups), len(self._groups))
            places = np.concatenate([self._groups[i] for i in picked])
            if 0 < self.label[places].sum() < len(places):
                found.append(statistic(places))
        low, high = np.quantile(found, [0.025, 0.975])
        return float(low), float(high)


def auroc(label: NDArray[np.bool_], score: Scores) -> float:
    """Chance that a good example scores above a bad one, ties counting half (Mann-Whitney)."""
    from scipy.stats import rankdata

    ranks = rankdata(score)
    good = int(label.sum())
    return float((ranks[label].sum() - good * (good + 1) / 2) / (good * (len(label) - good)))


def overlap(answer: str, documents: Sequence[str], *, stop: Iterable[str] = ()) -> float:
    """The floor: share of the answer's different words that stand in the documents."""
    words = set(re.findall(r"\w+", answer.lower())) - set(stop)
    known = {w for d in documents for w in re.findall(r"\w+", d.lower())}
    return len(words & known) / len(words) if words else 0.0


def groundedness_rows(data: TrainingSet, draws: int) -> list[Row]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    probability = held_out(data)
    rows = []
    for family in ("attributionbench", "mtrag"):
        labelled = Labelled(data, family, probability)
        floors = {
            "word overlap": np.array([overlap(e.answer, e.documents) for e in labelled.examples]),
            "overlap without stop words": np.array(
                [overlap(e.answer, e.documents, stop=ENGLISH_STOP_WORDS) for e in labelled.examples]
            ),
            "answer length": np.array([-float(len(e.answer)) for e in labelled.examples]),
        }
        best = max(labelled.auroc(floor) for floor in floors.values())
        value = labelled.auroc(labelled.probability)
        rows.append(_row(f"groundedness AUROC, {family}, held out", labelled, labelled.probability, draws))
        rows[-1] = Row(**vars(rows[-1]) | {"bar": f"> {best:.3f} (best floor)", "holds": value > best})
        for name, floor in floors.items():
            rows.append(_row(f"floor: {name}, {family}", labelled, floor, draws))
            rows.append(_gain(name, family, labelled, floor, draws))
        other = np.array([e.source.split("/")[0] != family for e in data.examples])
        moved = fit(data, other).probability(data.x[~other])
        rows.append(
            _row(f"groundedness AUROC, {family}, trained on the other set only", labelled, moved, draws)
        )
        rows += _within(labelled, floors["word overlap"])
    return rows


def _row(name: str, labelled: Labelled, score: Scores, draws: int) -> Row:
    low, high = labelled.bootstrap(lambda places: auroc(labelled.label[places], score[places]), draws)
    return Row(name=name, value=labelled.auroc(score), unit="AUROC", low=low, high=high)


def _gain(name: str, family: str, labelled: Labelled, floor: Scores, draws: int) -> Row:
    """The paired difference: both scores on the same bootstrap samples."""

    def difference(places: NDArray[np.intp]) -> float:
        label = labelled.label[places]
        return auroc(label, labelled.probability[places]) - auroc(label, floor[places])

    low, high = labelled.bootstrap(difference, draws)
    value = labelled.auroc(labelled.probability) - labelled.auroc(floor)
    # The smaller set has 71 conversations: there the bar is on the figure, not on its interval.
    bar = {"attributionbench": "interval > 0", "mtrag": "> 0"}[family]
    holds = low > 0 if family == "attributionbench" else value > 0
    return Row(
        name=f"gain over {name}, {family}",
        value=value,
        unit="AUROC",
        low=low,
        high=high,
        bar=bar,
        holds=holds,
    )


def _within(labelled: Labelled, overlaps: Scores) -> list[Row]:
    """The same within one generator or one part of the set: no credit for telling sources apart."""
    rows = []
    for source in sorted({e.source for e in labelled.examples}):
        inside = np.array([e.source == source for e in labelled.examples])
        value, floor = (auroc(labelled.label[inside], s[inside]) for s in (labelled.probability, overlaps))
        rows.append(Row(name=f"groundedness AUROC within {source}", value=value, unit="AUROC"))
        rows.append(Row(name=f"floor: word overlap within {source}", value=floor, unit="AUROC"))
    return rows


def pair_rows(data: TrainingSet, draws: int) -> list[Row]:
    """Relevance: own answer or documents against those of the most similar other question."""
    probability = held_out(data)
    rows = []
    for family in sorted({e.source.split("/")[0] for e in data.examples}):
        labelled = Labelled(data, family, probability)
        row = _row(f"{data.name} AUROC, own against similar, {family}", labelled, labelled.probability, draws)
        rows.append(Row(**vars(row) | {"bar": ">= 0.80", "holds": row.value >= 0.80}))
    return rows


def coverage_rows(trials: int) -> list[Row]:
    """95 % intervals with a judge that is wrong on purpose; seed 5."""
    rows = []
    for name, world in WORLDS.items():
        for labels in (50, 100, 300):
            found = measure(world, labels, trials, seed=5)
            least = least_coverage(trials)
            for kind, value in (("one look", found.once), ("four looks", found.always)):
                rows.append(
                    Row(
                        name=f"coverage at {kind}, {name}, {labels} labels",
                        value=value,
                        unit="share",
                        bar=f">= {least:.3f}",
                        holds=value >= least,
                    )
                )
            # Where errors are rarer than the labels can show, nothing makes the interval shorter.
            shorter = world in (too_kind, overlooks)
            rows.append(
                Row(
                    name=f"width against labels alone, {name}, {labels} labels",
                    value=found.width,
                    unit="ratio",
                    bar="< 1" if shorter else None,
                    holds=found.width < 1 if shorter else None,
                )
            )
            rows.append(
                Row(
                    name=f"coverage of the judge by itself, {name}, {labels} labels",
                    value=found.judge_alone,
                    unit="share",
                )
            )
    return rows


def speed_row(encoder: Encoder, data: TrainingSet, answers: int) -> Row:
    """CPU seconds for 8,000 answers of 60 words with four documents each, all three criteria."""
    rng = random.Random(0)
    texts = sorted({d for e in data.examples for d in e.documents if len(d) > 300})[:400]
    words = " ".join(texts).split()

    def some(count: int) -> str:
        start = rng.randrange(len(words) - count)
        return " ".join(words[start : start + count])

    now = datetime(2026, 1, 1, tzinfo=UTC)
    spans = [
        JudgedSpan(
            trace_id=str(i),
            span_id="s",
            chain="c",
            component="generator",
            kind="llm",
            started_at=now,
            dataset="production",
            question=some(12),
            answer=some(60),
            documents=tuple(Document(text=t[:2000]) for t in rng.sample(texts, 4)),
        )
        for i in range(answers)
    ]
    begun = time.process_time()
    local_grades(spans, encoder, now, None)
    taken = (time.process_time() - begun) * 8000 / answers
    return Row(name="local scorer, 8,000 answers", value=taken, unit="CPU s", bar="< 60", holds=taken < 60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--trials", type=int, help="days a line of coverage")
    parser.add_argument("--only", choices=("quality", "cost"), help="[default: both]")
    parser.add_argument("--days", type=int, help="made-up days that each plan of a day's cost is tried on")
    parser.add_argument("--page", action="store_true", help="write the page of a --quick run too")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    if not options.data.is_dir():
        raise SystemExit(f"no labelled sets at {options.data}; name their folder with --data")
    draws, trials = (200, 100) if options.quick else (2000, 1000)
    trials = options.trials or trials
    scored = 2000 if options.quick else 8000
    encoder = open_encoder(EmbeddingConfig(), Home.from_environment().create())
    grounded, relevance, retrieval = training_sets(options.data, encoder)
    days = options.days or (3 if options.quick else 10)
    pages = options.page or not options.quick
    rows: list[Row] = []
    if options.only != "quality":
        rows = cost_rows(options.data, grounded, days, trials)
        if pages:
            write_page("cost", cost_page(rows, days, trials))
    if options.only != "cost":
        found = [
            *groundedness_rows(grounded, draws),
            *pair_rows(relevance, draws),
            *pair_rows(retrieval, draws),
            *coverage_rows(trials),
            speed_row(encoder, grounded, scored),
        ]
        rows += found
        title = "# The local scorer against people's labels, and intervals that hold"
        called = (
            f"benchmarks/quality.py --only quality{' --quick' if options.quick else ''} --trials {trials}"
        )
        about = (
            f"Written by `{called}`. Encoder: {encoder.identity}. Intervals of AUROC from {draws} bootstrap "
            f"samples, coverage from {trials} made-up days a line (seed 5), speed from {scored} answers. "
            "What a day costs: [cost](cost.md). Judges against people: [agreement](agreement.md)."
        )
        if pages:
            write_page("quality", f"{title}\n\n{about}\n\n{table(found)}\n")
    print(json.dumps([vars(r) for r in rows], indent=1) if options.json else table(rows))
    raise SystemExit(0 if all(r.holds is not False for r in rows) else 1)


if __name__ == "__main__":
    main()
