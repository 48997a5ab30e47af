"""Names, places and what else has no form of its own, found by Presidio: an optional extra.

Presidio works beside the detectors, which go on finding what has a form. It reads every text with a language
model: count on milliseconds for each, and load files with it rather than live traffic.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from collectors.errors import ConfigError
from collectors.privacy.config import PresidioConfig

_INSTALL = "pip install 'chainwatch[presidio]'"
# spaCy refuses longer texts than this by default.
_LONGEST = 100_000


def check_installed(config: PresidioConfig) -> None:
    """ConfigError that says what to install when Presidio or its language model is missing."""
    if importlib.util.find_spec("presidio_analyzer") is None:
        raise ConfigError(f'[privacy] engine = "presidio" needs Presidio, which is not installed: {_INSTALL}')
    # Presidio would download a missing model by itself; a collector reaches out to nobody.
    if not Path(config.model).is_dir() and importlib.util.find_spec(config.model.replace("-", "_")) is None:
        raise ConfigError(
            f"privacy.presidio.model = {config.model!r}: no spaCy model of that name is installed, and no "
            f"folder has that path; install one with: python -m spacy download {config.model}"
        )


class Presidio:
    """A recogniser over `presidio_analyzer.AnalyzerEngine`, made at the first text."""

    rank = 60

    def __init__(self, config: PresidioConfig) -> None:
        self._config = config

    @cached_property
    def _analyzer(self) -> Any:
        check_installed(self._config)
        analyzer = importlib.import_module("presidio_analyzer")
        engines = importlib.import_module("presidio_analyzer.nlp_engine")
        language = self._config.language
        provider = engines.NlpEngineProvider(
            nlp_configuration={
                "nlp_engine_name": "spacy",
                "models": [{"lang_code": language, "model_name": self._config.model}],
            }
        )
        return analyzer.AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=[language])

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and tag of what Presidio is sure enough of. Long texts are read in pieces."""
        for offset in range(0, len(text), _LONGEST):
            results = self._analyzer.analyze(
                text=text[offset : offset + _LONGEST],
                language=self._config.language,
                entities=list(self._config.entities),
                score_threshold=self._config.threshold,
            )
            for result in results:
                if result.score >= self._config.threshold and not _is_tag(
                    text, offset + result.start, offset + result.end
                ):
                    yield offset + result.start, offset + result.end, f"[{result.entity_type}]"


def _is_tag(text: str, start: int, end: int) -> bool:
    """Whether a find lies inside a tag, such as EMAIL in [EMAIL]: language models take those for names."""
    opened = text.rfind("[", 0, start + 1)
    closed = text.find("]", max(start, end - 1))
    inside = text[opened + 1 : closed] if opened >= 0 and closed >= 0 else ""
    return bool(inside) and inside.replace("_", "").isalnum() and inside.isupper()
