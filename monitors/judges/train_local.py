"""Rebuild the local scorer's weights: `python -m monitors.judges.train_local DATA_FOLDER [OUT.json]`.

Deterministic: the same data, encoder and library versions give the same file. Figures on held-out data
come from `benchmarks/quality.py`, which fits with `fit` on the other folds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from monitors.embedding.encoder import Encoder
from monitors.judges import features
from monitors.judges.features import Passage
from monitors.judges.logistic import WEIGHTS_FILE, LogisticModel
from monitors.judges.text import sentences
from monitors.judges.training_data import Example, load_groundedness, load_relevance, load_retrieval

# Strong regularisation: ten correlated features and a thousand examples.
REGULARISATION = 0.1
Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """Examples that could be taken apart, with their features (n, k)."""

    name: str
    features: tuple[str, ...]
    examples: tuple[Example, ...]
    x: Matrix

    @property
    def target(self) -> Matrix:
        return np.array([e.target for e in self.examples])

    @property
    def fold(self) -> NDArray[np.int64]:
        return np.array([e.fold for e in self.examples])


def training_sets(folder: Path, encoder: Encoder) -> list[TrainingSet]:
    """One set for each trained criterion."""
    return [
        _features("groundedness", features.GROUNDEDNESS, load_groundedness(folder), encoder, _groundedness),
        _features("relevance", features.RELEVANCE, load_relevance(folder, encoder), encoder, _relevance),
        _features(
            "retrieval_relevance", features.RETRIEVAL, load_retrieval(folder, encoder), encoder, _retrieval
        ),
    ]


def fit(data: TrainingSet, rows: NDArray[np.bool_] | None = None) -> LogisticModel:
    """Logistic regression (L2) on the standardised features of the chosen rows.

    A target between 0 and 1 counts as a positive and a negative in that proportion, so the probability is
    calibrated against the mean rating. Each data set has the same total weight.
    """
    from sklearn.linear_model import LogisticRegression

    chosen = np.ones(len(data.examples), dtype=bool) if rows is None else rows
    x, target = data.x[chosen], data.target[chosen]
    families = np.array([e.source.split("/")[0] for e in data.examples])[chosen]
    weight = np.zeros(len(x))
    for family in np.unique(families):
        weight[families == family] = len(x) / (len(np.unique(families)) * (families == family).sum())
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    standard = (x - mean) / scale
    model = LogisticRegression(C=REGULARISATION, max_iter=1000)
    model.fit(
        np.concatenate([standard, standard]),
        np.concatenate([np.ones(len(x)), np.zeros(len(x))]),
        sample_weight=np.concatenate([weight * target, weight * (1.0 - target)]),
    )
    return LogisticModel(
        name=data.name,
        features=data.features,
        mean=mean,
        scale=scale,
        weights=model.coef_[0],
        intercept=float(model.intercept_[0]),
    )


def held_out(data: TrainingSet) -> Matrix:
    """The probability of each example by a model that saw nothing of its group, (n,)."""
    found = np.full(len(data.examples), np.nan)
    for fold in np.unique(data.fold):
        out = data.fold == fold
        found[out] = fit(data, ~out).probability(data.x[out])
    return found


def weights_json(sets: Sequence[TrainingSet], encoder: Encoder) -> str:
    """The file that the package ships."""
    models = {}
    for data in sets:
        model = fit(data)
        models[data.name] = {
            "features": list(model.features),
            "mean": _short(model.mean),
            "scale": _short(model.scale),
            "weights": _short(model.weights),
            "intercept": round(model.intercept, 6),
        }
    about = {
        "encoder": encoder.identity,
        "examples": {data.name: len(data.examples) for data in sets},
        "features_version": features.FEATURES_VERSION,
        "regularisation": REGULARISATION,
    }
    return json.dumps({"about": about, "models": models}, indent=1) + "\n"


def _short(values: Matrix) -> list[float]:
    return [round(float(v), 6) for v in values]


def _features(
    name: str,
    columns: tuple[str, ...],
    examples: Sequence[Example],
    encoder: Encoder,
    compute: Callable[[Example, dict[str, Passage]], Matrix],
) -> TrainingSet:
    texts = list(dict.fromkeys(t for e in examples for t in (e.question, e.answer, *e.documents)))
    parts = list(dict.fromkeys(s for t in texts for s in sentences(t)))
    vectors = dict(zip(parts, encoder.encode(parts), strict=True))
    passages = {t: features.passage(t, vectors, encoder.dimensions) for t in texts}
    kept, rows = [], []
    for example in examples:
        try:
            rows.append(compute(example, passages))
        except ValueError:
            # A text without words on one side: nothing to learn from.
            continue
        kept.append(example)
    return TrainingSet(name=name, features=columns, examples=tuple(kept), x=np.stack(rows))


def _groundedness(e: Example, passages: dict[str, Passage]) -> Matrix:
    return features.groundedness(passages[e.answer], [passages[d] for d in e.documents])


def _relevance(e: Example, passages: dict[str, Passage]) -> Matrix:
    return features.relevance(passages[e.question], passages[e.answer])


def _retrieval(e: Example, passages: dict[str, Passage]) -> Matrix:
    return features.retrieval(passages[e.question], [passages[d] for d in e.documents])


def main() -> None:
    """Write the weights of the shipped scorer."""
    from collectors.home import Home
    from monitors.config import EmbeddingConfig
    from monitors.embedding.encoder import open_encoder

    if len(sys.argv) not in (2, 3):
        raise SystemExit("usage: python -m monitors.judges.train_local DATA_FOLDER [OUT.json]")
    encoder = open_encoder(EmbeddingConfig(), Home.from_environment().create(), say=click.echo)
    out = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).with_name(WEIGHTS_FILE)
    out.write_text(weights_json(training_sets(Path(sys.argv[1]), encoder), encoder), "utf-8")
    click.echo(f"wrote {out}")


if __name__ == "__main__":
    main()
