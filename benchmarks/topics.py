"""The checks on topics, and the ranking of texts: false alarms, power, precision at 20.

Traffic (`_topic_traffic.py`): 40 texts an hour of twelve topics, a week of reference, then days of their own
that are judged three times each. Overdispersed: shares wander by the day and the hour, a tenth repeats. The
new topic is one that the reference never has. Texts are those of real intents in the static encoder, or
made-up unit rows. Seeds are 0, 1, 2 and so on.

    python benchmarks/topics.py [--part checks|ranking] [--fits N] [--seeds N] [--first N] [--data PATH]
        [--apart] [--only NAME...] [--rows N...] [--quick]
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
from monitors.embedding.encoder import CachedEncoder
from monitors.embedding.plain_transformer import PlainTransformer
from monitors.embedding.static import open_static
from monitors.explain_reread import BESIDE, CANDIDATES, Read, Rereading
from monitors.explain_texts import Compared

ALPHA = 1.0 / (720 * 100)
JUDGED = (8, 16, 24)
SHARES = (0.05, 0.1, 0.2)
TRANSFORMER = CachedEncoder(PlainTransformer(max_characters=4000))
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


def precision(
    bank: Bank, texts: Sequence[str], *, share: float, rows: int, seed: int, apart: bool
) -> list[float]:
    """Of the first 20 ranked texts, those of the injected topic (of as many as there are, if fewer): by the
    static encoder, and once the transformer has read the first of them too. texts: one for each row, or none;
    apart: no text stands on both sides.
    """
    vectors, topics = bank
    rng = np.random.default_rng([seed, rows])
    names = rng.permutation(np.unique(np.array(topics)))
    of = np.array(topics)
    new, old = names[0], names[1 : 1 + max(10, 2 * len(names) // 3)]
    banks = [rng.permutation(np.flatnonzero(of == name)) for name in old]
    halves = [[b[: len(b) // 2] for b in banks], [b[len(b) // 2 :] for b in banks]] if apart else [banks] * 2
    usual = rng.dirichlet(np.full(len(old), 2.0))
    wandered = usual * np.exp(rng.normal(0, 0.3, len(old)))

    def drawn(side: int, count: int, shares: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[int]:
        chosen = rng.choice(len(old), count, p=shares / shares.sum())
        return [int(rng.choice(halves[side][i])) for i in chosen]

    injected = round(share * rows)
    current = [
        *drawn(0, rows - injected, wandered),
        *rng.choice(np.flatnonzero(of == new), injected).tolist(),
    ]
    reference = drawn(1, 3000, usual)
    compared = Compared(vectors[current], vectors[reference])
    first = compared.new([str(i) for i in range(rows)], most=CANDIDATES)
    orders = [[t.place for t in first]]
    if len(texts):
        # As an explanation does it, of which there are 20 texts here and not 10.
        sides = [
            Read(texts=[texts[i] for i in places], rows=vectors[places])
            for places in (
                np.array(current)[orders[0]],
                np.array(reference)[compared.beside(first, most=BESIDE)],
            )
        ]
        scores = Rereading(lambda: TRANSFORMER).scores(*sides)
        orders += [] if scores is None else [np.array(orders[0])[np.argsort(-scores, kind="stable")].tolist()]
    return [
        sum(place >= rows - injected for place in order[:20]) / max(1, min(20, injected, len(order)))
        for order in orders
    ]


def ranking(
    banks: Mapping[str, Bank],
    texts: Mapping[str, Sequence[str]],
    seeds: Sequence[int],
    *,
    sizes: Sequence[int],
    apart: bool,
) -> None:
    """Print one row for each set of texts, share and number of rows."""
    sys.stdout.write("| texts | of now | new | static | and transformer | ms |\n|---|---|---|---|---|---|\n")
    for name, bank in banks.items():
        for rows in sizes:
            for share in SHARES:
                began = time.process_time()
                found = np.array(
                    [
                        precision(bank, texts.get(name, ()), share=share, rows=rows, seed=seed, apart=apart)
                        for seed in seeds
                    ]
                )
                ms = 1000 * (time.process_time() - began) / len(seeds)
                told = " | ".join(f"{one.mean():.2f}, {np.quantile(one, 0.1):.2f}" for one in found.T)
                told += "" if found.shape[1] == 2 else " | "
                sys.stdout.write(f"| {name} | {rows} | {share:.0%} | {told} | {ms:.0f} |\n")
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
    parser.add_argument("--apart", action="store_true", help="of the ranking: no text on both sides")
    parser.add_argument("--only", nargs="*", default=[], help="of the ranking: only these texts")
    parser.add_argument("--rows", type=int, nargs="*", default=[500, 1500], help="of the ranking: of now")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args(arguments)
    banks: dict[str, Bank] = {"made up": made_up(0)}
    said: dict[str, list[str]] = {}
    encoder = open_static(None, Home.from_environment().create())
    for name in FILES:
        if (asked.data / FILES[name]).is_file():
            said[name], intents = read_intents(asked.data, name)
            banks[name] = (encoder.encode(said[name]), intents.tolist())
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
        chosen = {name: bank for name, bank in banks.items() if not asked.only or name in asked.only}
        ranking(chosen, said, range(asked.first, asked.first + seeds), sizes=asked.rows, apart=asked.apart)


if __name__ == "__main__":
    main()
