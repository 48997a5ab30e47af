"""Is a changed answer put down to what was asked? New intents against faults of the component itself.

Requests of 24 intents of clinc150 by the static encoder, 400 in the reference; a component answers each with
the label of its intent (a router) or with another text of it (answers). Then either a share of the requests
is of an intent that the reference never had, and gets an answer of its own kind; or the component says that
to a share of all requests, at random; or to one intent that was asked before, of about that share. Told as
the evidence of a breach tells it (`explains`, entry `input`).

    python benchmarks/passed_on.py [--quick] [--json] [--data DIR]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._figures import Figure, figure, tell_each
from benchmarks._topic_traffic import read_intents
from collectors.home import Home
from monitors.embedding.static import open_static
from monitors.explain_input import from_input

Rows = NDArray[np.float32]
TRIALS, QUICK = 60, 10
KNOWN, BEFORE = 24, 400
CASES = (
    ("router", 45, 0.3),
    ("router", 130, 0.12),
    ("router", 400, 0.12),
    ("answers", 130, 0.3),
    ("answers", 400, 0.12),
)
FAULTS = ("new intent asked", "wrong at random", "wrong for one intent")
WRONGLY = 0.05


class Intents:
    """The texts of a data set as rows, by intent, and the rows of the intents' labels."""

    def __init__(self, data: Path) -> None:
        encoder = open_static(None, Home.from_environment().create())
        texts, intents = read_intents(data, "clinc150")
        self.names = np.unique(intents)
        self._rows = encoder.encode(texts)
        self._labels = encoder.encode([str(name).replace("_", " ") for name in self.names])
        self._of = [np.flatnonzero(intents == name) for name in self.names]

    def texts(self, intents: NDArray[np.int64], rng: np.random.Generator) -> Rows:
        """One text of each intent asked for."""
        return self._rows[[rng.choice(self._of[intent]) for intent in intents]]

    def labels(self, intents: NDArray[np.int64]) -> Rows:
        """The label of each."""
        return self._labels[intents]


def is_put_down(intents: Intents, component: str, fault: str, count: int, share: float, seed: int) -> bool:
    """Whether the change of one draw is put down to the input."""
    rng = np.random.default_rng(seed)
    *known, new, wrong = rng.permutation(len(intents.names))[: KNOWN + 2]
    shares = rng.dirichlet(np.full(KNOWN, 2.0))
    before, asked = (rng.choice(known, size=size, p=shares) for size in (BEFORE, count))
    answered, hit = asked, rng.random(count) < share
    if fault == "new intent asked":
        asked, answered = np.where(hit, new, asked), np.where(hit, wrong, asked)
    elif fault == "wrong at random":
        answered = np.where(hit, wrong, asked)
    else:
        answered = np.where(asked == known[int(np.argmin(np.abs(shares - share)))], wrong, asked)
    given, said = [], []
    for asked_for, answer in ((asked, answered), (before, before)):
        given.append(intents.texts(asked_for, rng))
        said.append(intents.labels(answer) if component == "router" else intents.texts(answer, rng))
    keys = [[f"now/{i}" for i in range(count)], [f"before/{i}" for i in range(BEFORE)]]
    inputs = {
        key: row for some, rows in zip(keys, given, strict=True) for key, row in zip(some, rows, strict=True)
    }
    told = from_input(list(zip(said, keys, strict=True)), inputs)
    return any(entry["verdict"] == "explains" for entry in told)


def measure(data: Path, trials: int) -> Iterator[Figure]:
    """How many of the draws are put down to the input; of the component's own faults hardly any may be."""
    intents = Intents(data)
    for component, count, share in CASES:
        for fault in FAULTS:
            found = sum(is_put_down(intents, component, fault, count, share, seed) for seed in range(trials))
            name = f"{component}, {count} requests, {share:.0%} {fault}"
            own = fault != FAULTS[0]
            yield figure(
                name,
                found,
                f"of {trials}",
                bar=round(WRONGLY * trials) if own else None,
                holds=found <= WRONGLY * trials if own else None,
            )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} draws of each instead of {TRIALS}")
    parser.add_argument("--json", action="store_true")
    data = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=data, help="has clinc150")
    options = parser.parse_args()
    tell_each(measure(options.data, QUICK if options.quick else TRIALS), as_json=options.json)


if __name__ == "__main__":
    main()
