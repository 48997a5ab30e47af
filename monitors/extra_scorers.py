"""The scorers on this machine that run where somebody asked for them: safety, and Evidently's descriptors.

Safety is asked for by switching on a check that reads it, Evidently by naming a descriptor.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from collectors.config import Config
from collectors.home import Home
from collectors.privacy.config import PrivacyConfig
from monitors.checks.base import Check, applies
from monitors.config import EmbeddingConfig
from monitors.embedding.encoder import Encoder, Say, open_encoder
from monitors.evidently_config import EvidentlyConfig
from monitors.judges.local import MoreGrades
from monitors.streams import REFUSAL, SAFETY


def extra_scorers(
    config: Config, checks: Iterable[Check], *, encoder: Encoder, home: Home, say: Say | None
) -> tuple[MoreGrades, ...]:
    """Those that this configuration and these checks ask for; nothing is loaded for the others.

    encoder: the configured one, which serves the safety scorer too where it is the packaged one.
    """
    found: list[MoreGrades] = []
    criteria = safety_criteria(checks)
    if criteria:
        from monitors.safety.scorer import SafetyScorer

        found.append(
            SafetyScorer(
                criteria=criteria,
                privacy=config.section("privacy", PrivacyConfig),
                open_encoder=partial(_packaged, encoder, home, say),
            )
        )
    named = config.section("evidently", EvidentlyConfig)
    if not all(scorer.asks_judge for scorer in named.scorers):
        from monitors.evidently_scores import EvidentlyScores

        found.append(EvidentlyScores(named))
    return tuple(found)


def safety_criteria(checks: Iterable[Check]) -> frozenset[str]:
    """What these checks watch of the safety scorer.

    >>> from monitors.checks import CHECKS
    >>> sorted(safety_criteria([CHECKS.get("secrets"), CHECKS.get("refusal_rate"), CHECKS.get("latency")]))
    ['refusal', 'secrets']
    """
    from monitors.safety.scorer import CRITERIA

    chosen = list(checks)
    watched = {name for name in CRITERIA if any(applies(check, f"{SAFETY}{name}") for check in chosen)}
    return frozenset(watched | ({REFUSAL} if any(applies(check, REFUSAL) for check in chosen) else set()))


def _packaged(encoder: Encoder, home: Home, say: Say | None) -> Encoder:
    """The encoder that the classifier was trained on."""
    from monitors.safety.attack import shipped_model

    if encoder.identity == shipped_model().encoder:
        return encoder
    return open_encoder(EmbeddingConfig(), home, say=say)
