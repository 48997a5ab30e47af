"""Real texts, answers and lengths as hourly streams: what is found, how soon, and what stays silent.

A week and a day of 40 requests an hour, then two days with a share of requests of another kind. Intents that
are held out of banking77 and clinc150, topics and languages of sib200, model versions of llmdrift; the two
halves of azure_llm_2023 and unchanged streams of all of them must stay silent; level shifts of servegen's
clients must not. Beside the default checks: MMD at p < .05 every hour, with the share of quiet hours in which
it alarms too. Texts are encoded as by default, or by --encoder transformer. Each seed holds another intent,
topic or language out. Needs ../shared/data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collectors.home import Home
from monitors.checks import CHECKS
from monitors.checks.base import CheckSettings, NotReady, Reference, WindowSample
from monitors.config import EmbeddingConfig
from monitors.embedding.encoder import Encoder, open_encoder

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _level_shifts
from _figures import Figure, figure, tell_each
from _peers import TextPeers
from _streams import DATA, Swap, allowed, model_swap, new_intent, new_language, new_topic, table, windows

ALPHA = allowed(timedelta(hours=1))
HISTORY, GAP, WATCHED, ROWS = 168, 24, 48, 40
TEXT_CHECKS = ("embedding_distance", "mmd", "new_topic")
MODELS = (("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613"), ("gpt-4-0314", "gpt-4-0613"))


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is put in. swap: by seed. share 0: must stay silent; checks: by name; bar: delay of the median."""

    name: str
    swap: Callable[[int], Swap]
    share: float
    checks: tuple[str, ...] = TEXT_CHECKS


def cases() -> list[Case]:
    """Everything that is tried."""
    found = []
    for share in (0.0, 0.05, 0.1, 0.2):
        found += [
            Case(
                name="banking77, new intent",
                swap=lambda s: new_intent("banking77/train.csv.gz", s),
                share=share,
            ),
            Case(
                name="clinc150, new intent",
                swap=lambda s: new_intent("clinc150/train_val.csv.gz", s),
                share=share,
            ),
            Case(name="sib200, new topic", swap=new_topic, share=share),
            Case(name="sib200 in English, new topic", swap=lambda s: new_topic(s, "eng_Latn"), share=share),
            Case(name="sib200 in French, new topic", swap=lambda s: new_topic(s, "fra_Latn"), share=share),
            Case(name="sib200, new language", swap=new_language, share=share),
        ]
    for dataset in ("prime_full", "opinionqa"):
        for old, new in MODELS:
            for column, checks, share in (
                ("completion", TEXT_CHECKS, 1.0),
                ("completion_tokens", ("token_length",), 1.0),
                ("prompt", TEXT_CHECKS, 1.0),
            ):
                name = f"llmdrift {dataset}, {old} to {new[-4:]}, {column}"
                found.append(
                    Case(
                        name=name,
                        swap=lambda s, a=(dataset, old, new, column): model_swap(*a),  # type: ignore[misc]
                        share=share,
                        checks=checks,
                    )
                )
    return found


def first_breach(check: str, series: Sequence[WindowSample]) -> tuple[int | None, bool]:
    """The requests until the change is found, and whether there was a breach in the quiet day before."""
    made = CHECKS.get(check).fit(
        Reference(kind="drift", name="before", windows=tuple(series[:HISTORY])),
        settings=CheckSettings(),
        seed=0,
    )
    if isinstance(made, NotReady):
        raise SystemExit(f"{check}: {made.reason}")
    before = False
    for number in range(HISTORY, len(series)):
        said = made.evaluate(series[max(HISTORY, number - 23) : number + 1], alpha=ALPHA)
        since = number - HISTORY - GAP + 1
        if said.status == "breach" and since > 0:
            return since * ROWS, before
        before = before or (said.status == "breach")
    return None, before


def mmd_every_hour(series: Sequence[WindowSample], seed: int) -> tuple[int | None, float]:
    """Requests until MMD at p < .05 alarms after the change, and its share of alarms in the quiet day."""
    peers = TextPeers([w.rows for w in series[:HISTORY]], seed)
    quiet = [("mmd p < .05" in peers.alarms(w.rows)) for w in series[HISTORY : HISTORY + GAP]]
    for since, window in enumerate(series[HISTORY + GAP :], start=1):
        if "mmd p < .05" in peers.alarms(window.rows):
            return since * ROWS, float(np.mean(quiet))
    return None, float(np.mean(quiet))


def delays(found: Sequence[int | None]) -> str:
    """How many were found, the median and the 90th percentile of requests until then."""
    known = sorted(f if f is not None else 10**9 for f in found)
    places = (known[(len(known) - 1) // 2], known[min(len(known) - 1, int(0.9 * len(known)))])
    words = ["never" if p == 10**9 else f"{p}" for p in places]
    return f"{sum(f is not None for f in found)} of {len(found)}, {words[0]}, {words[1]}"


def azure() -> Iterator[Figure]:
    """The second half of half an hour of two services against the first: lengths, in minutes."""
    for service in ("code", "conv"):
        rows = [r for r in table("azure_llm_2023/azure_first30min.csv.gz") if r["service"] == service]
        rows.sort(key=lambda r: r["timestamp"])
        for column in ("prompt_tokens", "completion_tokens"):
            values = np.array([float(r[column]) for r in rows])
            half = len(values) // 2
            swap = Swap(before=values[half:].tolist(), after=[0.0])
            pool: NDArray[np.float64] = values[:half, None]
            per_minute = max(20, half // 15)
            recent = windows(swap, share=0.0, quiet=15, changed=0, rows=per_minute, seed=0)
            made = CHECKS.get("token_length").fit(
                Reference(kind="skew", name="first half", windows=(), pool=pool),
                settings=CheckSettings(),
                seed=0,
            )
            assert not isinstance(made, NotReady)
            said = [made.evaluate(recent[: i + 1], alpha=ALPHA) for i in range(len(recent))]
            count = sum(s.status == "breach" for s in said)
            name = f"azure {service}, {column}: second half against the first"
            yield figure(name, count, "breaches", bar=0, holds=count == 0)


def streams(case: Case, seeds: Sequence[int], encoder: Encoder, *, peers: bool) -> Iterator[Figure]:
    """What is found of one case, by our checks and, with `peers`, by MMD every hour."""
    texts = case.checks[0] != "token_length"
    ours: dict[str, list[int | None]] = {name: [] for name in case.checks}
    theirs: list[int | None] = []
    quiet_mmd: list[float] = []
    false = 0
    for seed in seeds:
        swap = case.swap(seed)
        if texts:
            swap = Swap(
                before=encoder.encode([str(t) for t in swap.before]),
                after=encoder.encode([str(t) for t in swap.after]),
            )
        series = windows(swap, share=case.share, quiet=HISTORY + GAP, changed=WATCHED, rows=ROWS, seed=seed)
        for name in case.checks:
            found, before = first_breach(name, series)
            ours[name].append(found)
            false += before
        if texts and peers:
            found, alarms = mmd_every_hour(series, seed)
            theirs.append(found)
            quiet_mmd.append(alarms)
    silent = case.share == 0.0 or case.name.endswith("prompt")
    head = f"{case.name}, {'no change' if case.share == 0.0 else f'{case.share:.0%}'}"
    unit = "found; median, 90 % in requests"
    for name, delay in ours.items():
        holds = all(d is None for d in delay) if silent else None
        yield figure(f"{head}: {name}", delays(delay), unit, bar="silent" if silent else None, holds=holds)
    yield figure(f"{head}: breaches in quiet days", false, "", bar=0, holds=not false)
    if theirs:
        quiet = f"alarms in {np.mean(quiet_mmd):.0%} of quiet hours"
        yield figure(f"{head}: MMD p < .05", delays(theirs), quiet)


def measured(options: argparse.Namespace, seeds: Sequence[int]) -> Iterator[Figure]:
    """All figures of cases whose name holds `options.only`."""
    if options.only in "azure":
        yield from azure()
    if options.only in "servegen":
        yield from _level_shifts.figures(3 if options.quick else 100)
    home = Home.from_environment().create()
    encoder = open_encoder(EmbeddingConfig(encoder=options.encoder), home, say=None)
    for case in cases():
        checks = tuple(name for name in case.checks if name in (options.checks or case.checks))
        if options.only in case.name and checks and (not options.quick or case.share in (0.0, 0.2)):
            asked = replace(case, checks=checks)
            yield from streams(asked, seeds, encoder, peers=not options.checks)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one seed, and only 20 %% and no change")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of a table")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--checks", nargs="*", help="only these, and no rule of others")
    parser.add_argument("--encoder", choices=("static", "transformer"), default="static")
    options = parser.parse_args()
    if not DATA.is_dir():
        raise SystemExit(f"{DATA} is absent: the benchmark needs its data sets")
    seeds = range(options.first, options.first + (1 if options.quick else options.seeds))
    figures = tell_each(measured(options, seeds), as_json=options.json)
    raise SystemExit(1 if any(f["holds"] is False for f in figures) else 0)


if __name__ == "__main__":
    main()
