"""Rebuild the attack classifier's weights: `python -m monitors.safety.train_attack DATA_FOLDER [OUT.json]`.

Deterministic: the same data, encoder and library versions give the same file. Figures on held-out data come
from `benchmarks/safety.py`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from monitors.embedding.encoder import Encoder
from monitors.safety.attack import WEIGHTS_FILE, AttackModel, attack_logits, pieces
from monitors.safety.attack_data import (
    FOLDS,
    REQUESTS,
    families,
    fold_of,
    load_benign,
    load_jailbreaks,
)

REGULARISATION = 3.0
FALSE_ALARMS = 0.01
Floats = NDArray[np.float64]


def fit(attacks: Sequence[str], benign: Sequence[str], encoder: Encoder) -> AttackModel:
    """Logistic regression on the pieces of every text; a text weighs the same however many it has, and the
    attacks together as much as the rest. The threshold is still to be set.
    """
    from sklearn.linear_model import LogisticRegression

    parts = [pieces(text) for text in (*attacks, *benign)]
    label = np.repeat([i < len(attacks) for i in range(len(parts))], [len(p) for p in parts])
    weight = np.concatenate([np.full(len(p), 1.0 / len(p)) for p in parts])
    weight[label] *= len(benign) / len(attacks)
    model = LogisticRegression(C=REGULARISATION, max_iter=2000)
    model.fit(encoder.encode([p for some in parts for p in some]), label, sample_weight=weight)
    return AttackModel(
        weights=np.asarray(model.coef_[0], dtype=np.float64),
        intercept=float(model.intercept_[0]),
        threshold=0.0,
        encoder=encoder.identity,
        digest="",
    )


def held_out(
    attacks: Sequence[str], benign: Mapping[str, Sequence[str]], encoder: Encoder
) -> tuple[Floats, dict[str, Floats]]:
    """Logits of every text by a model that saw neither it nor a variant of it."""
    family = np.array(families(attacks))
    of_attacks = np.full(len(attacks), np.nan)
    of_benign = {name: np.full(len(texts), np.nan) for name, texts in benign.items()}
    for fold in range(FOLDS):
        out = family % FOLDS == fold
        seen = [t for texts in benign.values() for t in texts if fold_of(t) != fold]
        model = fit(_where(attacks, ~out), seen, encoder)
        of_attacks[out] = attack_logits(model, _where(attacks, out), encoder)
        for name, texts in benign.items():
            held = np.array([fold_of(t) == fold for t in texts])
            of_benign[name][held] = attack_logits(model, _where(texts, held), encoder)
    return of_attacks, of_benign


def _where(texts: Sequence[str], chosen: NDArray[np.bool_]) -> list[str]:
    return [text for text, is_in in zip(texts, chosen, strict=True) if is_in]


def threshold(benign: Mapping[str, Floats], share: float = FALSE_ALARMS) -> float:
    """The logit that `share` of the requests reach, each family counting the same.

    >>> threshold({"arena_hard": np.arange(100.0), "halueval": np.arange(100.0)}, share=0.02)
    98.0
    """
    logits = np.concatenate([benign[name] for name in REQUESTS if name in benign])
    weight = np.concatenate(
        [np.full(len(benign[name]), 1.0 / len(benign[name])) for name in REQUESTS if name in benign]
    )
    order = np.argsort(-logits, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    return float(logits[order][int(np.searchsorted(reached, share - 1e-12))])


def weights_json(folder: Path, encoder: Encoder) -> str:
    """The file that the package ships."""
    attacks, benign = load_jailbreaks(folder), load_benign(folder)
    _, of_benign = held_out(attacks, benign, encoder)
    model = fit(attacks, [t for texts in benign.values() for t in texts], encoder)
    about = {
        "encoder": encoder.identity,
        "examples": {"attacks": len(attacks), **{name: len(texts) for name, texts in benign.items()}},
        "false_alarms": FALSE_ALARMS,
        "regularisation": REGULARISATION,
    }
    made = {
        "intercept": round(model.intercept, 5),
        "threshold": round(threshold(of_benign), 5),
        "weights": [round(float(w), 5) for w in model.weights],
    }
    return json.dumps({"about": about, "model": made}) + "\n"


def main() -> None:
    """Write the weights of the shipped classifier."""
    from collectors.home import Home
    from monitors.config import EmbeddingConfig
    from monitors.embedding.encoder import open_encoder

    if len(sys.argv) not in (2, 3):
        raise SystemExit("usage: python -m monitors.safety.train_attack DATA_FOLDER [OUT.json]")
    encoder = open_encoder(EmbeddingConfig(), Home.from_environment().create(), say=click.echo)
    out = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).with_name(WEIGHTS_FILE)
    out.write_text(weights_json(Path(sys.argv[1]), encoder), "utf-8")
    click.echo(f"wrote {out}")


if __name__ == "__main__":
    main()
