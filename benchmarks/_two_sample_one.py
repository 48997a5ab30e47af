"""One two-sample method on one size in a process of its own: `python _two_sample_one.py METHOD N
[CPU_SECONDS GB]`.

Prints a JSON line: seconds of wall clock and of CPU, the process's largest memory, the value and p. Peers are
imported here alone, so that another interpreter, whose environment has them, can run this file.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from _cells import bound
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

DIMENSION, PERMUTATIONS, BLOCK = 384, 100, 1024
Rows = NDArray[np.float32]
Answer = tuple[float, float]  # the value and p, nan where there is none
NAN = float("nan")


def samples(n: int) -> tuple[Rows, Rows]:
    """Two samples of n unit rows around ten topics, a tenth of the second around another one."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((11, DIMENSION)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    made = []
    for new in (0.0, 0.1):
        chosen = np.where(rng.random(n) < new, 10, rng.integers(0, 10, size=n))
        rows = centres[chosen] + rng.standard_normal((n, DIMENSION), dtype=np.float32) / np.float32(20.0)
        made.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return made[0], made[1]


def ours(name: str) -> Callable[[Rows, Rows], Answer]:
    """A test of `monitors.statistics` by its module and function."""
    module, function = name.split(".")

    def run(x: Rows, y: Rows) -> Answer:
        test = getattr(import_module(f"monitors.statistics.{module}"), function)
        found = test(y, x, permutations=PERMUTATIONS)
        return found.value, found.p

    return run


def sketches(x: Rows, y: Rows) -> Answer:
    """MMD from the sketches of windows of at most 1,000 rows: making them, and comparing their parts."""
    from monitors.sketches.compare import units_of
    from monitors.sketches.permute import sketch_test
    from monitors.sketches.text_sketch import TextSketch

    def side(rows: Rows) -> list[Any]:
        keys = [f"{i:032x}/a" for i in range(len(rows))]
        return [
            TextSketch.of(rows[at : at + 1_000], keys[at : at + 1_000], n=len(rows[at:][:1_000]), n_missing=0)
            for at in range(0, len(rows), 1_000)
        ]

    found = sketch_test(units_of(side(y)), units_of(side(x)), permutations=PERMUTATIONS)
    return found.mmd2, found.p


def floor(x: Rows, y: Rows) -> Answer:
    """The matrix products alone that exact MMD needs: half of the kernel's blocks, times all labels."""
    size = len(x) + len(y)
    blocks = -(-size // BLOCK)
    rows = np.ones((min(BLOCK, size), DIMENSION), np.float32)
    labels = np.ones((len(rows), PERMUTATIONS + 1), np.float32)
    kernel = np.empty((len(rows), len(rows)), np.float32)
    out = np.empty_like(labels)
    for _ in range(blocks * (blocks + 1) // 2):
        np.matmul(rows, rows.T, out=kernel)
        np.matmul(kernel, labels, out=out)
    return NAN, NAN


def naive(x: Rows, y: Rows) -> Answer:
    """The whole kernel in float64, and the three means anew for every permutation, as most codes do it."""
    pooled = np.concatenate([y, x]).astype(np.float64)
    squares = (pooled**2).sum(axis=1)
    distances = np.maximum(squares[:, None] + squares[None] - 2.0 * pooled @ pooled.T, 0.0)
    kernel = np.exp(-distances / np.median(distances))
    np.fill_diagonal(kernel, 0.0)
    n, rng = len(y), np.random.default_rng(0)
    pairs = n * (n - 1.0)

    def value(order: NDArray[np.int64]) -> float:
        k = kernel[np.ix_(order, order)]
        return float(k[:n, :n].sum() / pairs + k[n:, n:].sum() / pairs - 2.0 * k[:n, n:].mean())

    seen = value(np.arange(len(pooled)))
    null = [value(rng.permutation(len(pooled))) for _ in range(PERMUTATIONS)]
    return seen, (1 + sum(v >= seen for v in null)) / (1 + PERMUTATIONS)


def alibi(name: str) -> Callable[[Rows, Rows], Answer]:
    """A detector of Alibi Detect on its PyTorch back end."""

    def run(x: Rows, y: Rows) -> Answer:
        cd = import_module("alibi_detect.cd")
        settings: dict[str, Any] = {"backend": "pytorch", "p_val": 0.05}
        if name == "LearnedKernelDrift":
            nn, kernels = import_module("torch.nn"), import_module("alibi_detect.utils.pytorch.kernels")
            layers = nn.Sequential(nn.Linear(DIMENSION, 24), nn.Softplus())
            settings |= {"kernel": kernels.DeepKernel(layers, eps=0.01), "epochs": 3, "verbose": 0}
        detector = getattr(cd, name)(x, n_permutations=PERMUTATIONS, **settings)
        found = detector.predict(y)["data"]
        return float(found["distance"]), float(found["p_val"])

    return run


def evidently(name: str) -> Callable[[Rows, Rows], Answer]:
    """Evidently's report with its metric EmbeddingsDrift and one of its methods."""

    def run(x: Rows, y: Rows) -> Answer:
        import pandas as pd
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import EmbeddingsDrift
        from evidently.metrics import embeddings as methods

        columns = [f"e{i}" for i in range(DIMENSION)]
        definition = DataDefinition(embeddings={"text": columns})
        sides = [
            Dataset.from_pandas(pd.DataFrame(rows, columns=columns), data_definition=definition)
            for rows in (y, x)
        ]
        method = {
            "MMD": methods.MMDDriftMethod(bootstrap=True),
            "classifier": methods.ModelDriftMethod(bootstrap=True),
        }[name]
        metric = EmbeddingsDrift(embeddings_name="text", drift_method=method)
        done = Report([metric]).run(*sides)
        return float(done.dict()["metrics"][0]["value"]), NAN

    return run


def frouros(x: Rows, y: Rows) -> Answer:
    """Frouros' MMD with its permutation test, on one core."""
    test = import_module("frouros.callbacks").PermutationTestDistanceBased(
        num_permutations=PERMUTATIONS, num_jobs=1, random_state=0
    )
    detector = import_module("frouros.detectors.data_drift").MMD(callbacks=test)
    detector.fit(X=x.astype(np.float64))
    found, logs = detector.compare(X=y.astype(np.float64))
    return float(found.distance), float(logs[test.name]["p_value"])


def hyppo(x: Rows, y: Rows) -> Answer:
    """hyppo's MMD with permutations, on one core."""
    found = (
        import_module("hyppo.ksample")
        .MMD()
        .test(
            x.astype(np.float64),
            y.astype(np.float64),
            reps=PERMUTATIONS,
            workers=1,
            auto=False,
            random_state=0,
        )
    )
    return float(found[0]), float(found[1])


METHODS: dict[str, Callable[[Rows, Rows], Answer]] = {
    "floor": floor,
    "mmd": ours("mmd.mmd_test"),
    "mmd_fuse": ours("mmd_fuse.mmd_fuse"),
    "lsdd": ours("lsdd.lsdd"),
    "sliced_wasserstein": ours("sliced_wasserstein.sliced_wasserstein"),
    "domain_classifier": ours("domain_classifier.domain_classifier"),
    "drifted_dimensions": ours("drifted_dimensions.drifted_dimensions"),
    "learned_kernel": ours("learned_kernel.learned_kernel_mmd"),
    "mmd_of_sketches": sketches,
    "naive MMD": naive,
    "Alibi Detect MMD": alibi("MMDDrift"),
    "Alibi Detect LSDD": alibi("LSDDDrift"),
    "Alibi Detect learned kernel": alibi("LearnedKernelDrift"),
    "Evidently EmbeddingsDrift, MMD": evidently("MMD"),
    "Evidently EmbeddingsDrift, classifier": evidently("classifier"),
    "Frouros MMD": frouros,
    "hyppo MMD": hyppo,
}


def used() -> tuple[float, float]:
    """CPU seconds and the largest memory in MB so far, of this process and of those that it has started."""
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in each), max(u.ru_maxrss for u in each) / 1024.0


def main() -> None:
    """Run it twice where it is quick, so that imports and first touches do not count."""
    warnings.filterwarnings("ignore")
    if len(sys.argv) > 3:
        bound(*sys.argv[3:5])
    method, n = METHODS[sys.argv[1]], int(sys.argv[2])
    small = samples(32)
    method(*small)
    x, y = samples(n)
    before = used()
    started = time.perf_counter()
    value, p = method(x, y)
    wall = time.perf_counter() - started
    after = used()
    print(
        json.dumps(
            {
                "wall_s": wall,
                "cpu_s": after[0] - before[0],
                "memory_mb": after[1],
                "imports_mb": before[1],
                "value": None if np.isnan(value) else value,
                "p": None if np.isnan(p) else p,
            }
        )
    )


if __name__ == "__main__":
    main()
