"""The trained part of the local scorer: logistic models as JSON, applied with numpy alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHTS_FILE = "local_weights.json"
TOP_GRADE = 3.0


@dataclass(frozen=True, kw_only=True)
class LogisticModel:
    """P(good) = 1 / (1 + exp(-(intercept + weights . (x - mean) / scale))).

    Attributes:
        features: names of the columns of x, in order.
        mean, scale, weights: (k,) each.
    """

    name: str
    features: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    intercept: float

    def probability(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities (n,) of rows (n, k)."""
        logits = self.intercept + ((x - self.mean) / self.scale) @ self.weights
        probability: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
        return probability

    def score(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability on the scale of the rubrics: 0 to 3, (n,)."""
        return TOP_GRADE * self.probability(x)


@dataclass(frozen=True, kw_only=True)
class LocalWeights:
    """The models of the local scorer by criterion, and a digest that names this very set."""

    models: Mapping[str, LogisticModel]
    digest: str


def parse_weights(text: str) -> LocalWeights:
    """Weights from the JSON that the training script writes."""
    raw: dict[str, Any] = json.loads(text)
    models = {
        name: LogisticModel(
            name=name,
            features=tuple(m["features"]),
            mean=np.array(m["mean"], dtype=np.float64),
            scale=np.array(m["scale"], dtype=np.float64),
            weights=np.array(m["weights"], dtype=np.float64),
            intercept=float(m["intercept"]),
        )
        for name, m in raw["models"].items()
    }
    digest = hashlib.blake2b(json.dumps(raw["models"], sort_keys=True).encode(), digest_size=4).hexdigest()
    return LocalWeights(models=models, digest=digest)


@cache
def shipped_weights() -> LocalWeights:
    """The weights in the package."""
    return parse_weights(resources.files("monitors.judges").joinpath(WEIGHTS_FILE).read_text("utf-8"))
