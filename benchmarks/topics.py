"""The checks on topics, and the ranking of texts: false alarms, power, precision at 20.

Traffic (`_topic_traffic.py`): 40 texts an hour of twelve topics, a week of reference, then days of their own
that are judged three times each. Overdispersed: shares wander by the day and the hour, a tenth repeats. The
new topic is one that the reference never has. Texts are those of real intents in the static encoder, or
made-up unit rows. Seeds are 0, 1, 2 and so on.

    python benchmarks/topics.py [--part checks|ranking] [--fits N] [--seeds N] [--first N] [--data PATH]
        [--quick]
    python benchmarks/topics.py --part null [--seeds N] [--first N] [--out null.jsonl] [--traffic NAME...]

What the null is, and what it tells: `_topic_null.py`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _topic_null
from _topic_traffic import FILES, Rows, TopicTraffic, made_up, read_intents

from collectors.home import Home
from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, NotReady, Reference
from monitors.embedding.static import open_static
from monitors.explain_texts import Compared

ALPHA = 1.0 / (720 * 100)
JUDGED = (8, 16, 24)
SHARES = (0.05, 0.1, 0.2)
Bank = tuple[Rows, Sequence[str]]


def judged(bank: Bank, *, overdispersed: bool, new: float, fits: int, days: int) -> None:
    """Print one row a check: shares of judgements with a small p, and of breaches."""
    p: dict[str, list[float]] = {"topic_mix": [], "new_topic": []}
    breaches, fit_s, asked_s = dict.fromkeys(p, 0), dict.fromkeys(p, 0.0), dict.fromkeys(p, 0.0)
    for seed in range(fits):
        traffic = TopicTraffic(*bank, seed=seed, overdispersed=overdispersed)
        reference = Reference(kind="drift", name="made up", windows=tuple(traffic.days(0, 7)))
        models = {}
        for name in p:
            began = time.process_time()
            models[name] = CHECKS.get(name).fit(reference, settings=CheckSettings(), seed=seed)
            fit_s[name] += time.process_time() - began
        for day in range(days):
            recent = traffic.days(8 + day, 1, new=new)
            for hour in JUDGED:
                for name, model in models.items():
                    if isinstance(model, NotReady):
                        raise SystemExit(f"{name}: {model.reason}")
                    began = time.process_time()
                    outcome = model.evaluate(recent[:hour], alpha=ALPHA)
                    asked_s[name] += time.process_time() - began
                    p[name].append(1.0 if outcome.p_value is None else outcome.p_value)
                    breaches[name] += outcome.status == "breach"
    kind = "overdispersed" if overdispersed else "independent"
    for name, values in p.items():
        found, count = np.array(values), len(values)
        rates = " | ".join(f"{(found < level).mean():.1%}" for level in (0.05, 0.01, 0.001))
        sys.stdout.write(
            f"| {name} | {kind} | {new:.0%} | {count} | {rates} | {breaches[name] / count:.1%} "
            f"| {1000 * fit_s[name] / fits:.0f} | {1000 * asked_s[name] / count:.0f} |\n"
        )
    sys.stdout.flush()


def precision(bank: Bank, *, share: float, rows: int, seed: int) -> float:
    """Of the first 20 ranked texts, those of the injected topic (of as many as there are, if fewer)."""
    vectors, topics = bank
    rng = np.random.default_rng([seed, rows])
    names = rng.permutation(np.unique(np.array(topics)))
    of = np.array(topics)
    new, old = names[0], names[1 : 1 + max(10, 2 * len(names) // 3)]
    banks = [np.flatnonzero(of == name) for name in old]
    usual = rng.dirichlet(np.full(len(old), 2.0))
    wandered = usual * np.exp(rng.normal(0, 0.3, len(old)))

    def drawn(count: int, shares: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
        chosen = rng.choice(len(old), count, p=shares / shares.sum())
        return [int(rng.choice(banks[i])) for i in chosen]

    injected = round(share * rows)
    current = [*drawn(rows - injected, wandered), *rng.choice(np.flatnonzero(of == new), injected).tolist()]
    reference = drawn(3000, usual)
    told = Compared(vectors[current], vectors[reference]).new([str(i) for i in range(rows)], most=20)
    right = sum(t.place >= rows - injected for t in told)
    return right / max(1, min(20, injected, len(told)))


def ranking(banks: Mapping[str, Bank], seeds: Sequence[int]) -> None:
    """Print one row for each set of texts, share and number of rows."""
    sys.stdout.write("| texts | rows now | new | mean | lower tenth | ms |\n|---|---|---|---|---|---|\n")
    for name, bank in banks.items():
        for rows in (500, 1500):
            for share in SHARES:
                began = time.process_time()
                found = [precision(bank, share=share, rows=rows, seed=seed) for seed in seeds]
                ms = 1000 * (time.process_time() - began) / len(seeds)
                tenth = float(np.quantile(found, 0.1))
                sys.stdout.write(
                    f"| {name} | {rows} | {share:.0%} | {np.mean(found):.2f} | {tenth:.2f} | {ms:.0f} |\n"
                )
                sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=("checks", "ranking", "null"))
    parser.add_argument("--fits", type=int, default=28, help="weeks of reference without change")
    parser.add_argument("--seeds", type=int, default=30, help="of the ranking or the null")
    parser.add_argument("--first", type=int, default=0, help="the first of these seeds")
    parser.add_argument("--out", type=Path, help="file of finished streams of the null, to go on with")
    parser.add_argument("--traffic", nargs="*", default=[], help="of the null: only these kinds")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args(arguments)
    banks: dict[str, Bank] = {"made up": made_up(0)}
    encoder = open_static(None, Home.from_environment().create())
    for name in FILES:
        if (asked.data / FILES[name]).is_file():
            texts, intents = read_intents(asked.data, name)
            banks[name] = (encoder.encode(texts), intents.tolist())
    fits, seeds = (2, 4) if asked.quick else (asked.fits, asked.seeds)
    if asked.part == "null":
        real = {name: bank for name, bank in banks.items() if name in FILES}
        _topic_null.run(real, range(asked.first, asked.first + seeds), asked.out, only=asked.traffic)
        return
    if asked.part != "ranking":
        sys.stdout.write("| check | traffic | new | judged | p < .05 | < .01 | < .001 | breach | fit, ms | ")
        sys.stdout.write("window, ms |\n|---|---|---|---|---|---|---|---|---|---|\n")
        bank = banks.get("clinc150", banks["made up"])
        for overdispersed in (True, False):
            judged(bank, overdispersed=overdispersed, new=0.0, fits=fits, days=12)
            for share in SHARES:
                judged(bank, overdispersed=overdispersed, new=share, fits=max(1, fits // 7), days=5)
    if asked.part != "checks":
        ranking(banks, range(asked.first, asked.first + seeds))


if __name__ == "__main__":
    main()
