"""Personal data and secrets in texts, told from what redaction makes of them.

What is stored was redacted before: an address is `[EMAIL]` by then. So a text is redacted once more, which
changes nothing in a stored one and takes out of a kept one what it holds, and the tags are counted. A text
that says `[EMAIL]` of its own accord counts like one that was made to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from collectors.privacy.config import PrivacyConfig
from collectors.privacy.detectors.base import DETECTORS
from collectors.privacy.nested import PERSONAL_TAG, SECRET_TAG
from collectors.privacy.privacy import Privacy

SECRET_TAGS = frozenset({"API_KEY", "CREDENTIALS", "JWT", "PRIVATE_KEY", "TOKEN", SECRET_TAG.strip("[]")})
_UNREADABLE = {"hash": "output_text is hashed", "drop": "output_text is not stored"}


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Tags of one text with how often they stand there."""

    personal: Counter[str]
    secrets: Counter[str]


class Finder:
    """Looks for what one configuration of [privacy] looks for, Presidio's entities by their tags alone."""

    def __init__(self, config: PrivacyConfig) -> None:
        # Patterns of one's own may be of anything, and Presidio has read the text before it was stored.
        seen = config.model_copy(update={"enabled": True, "engine": "patterns", "patterns": {}})
        self._privacy = Privacy(config=seen, identity=None)
        tags = {detector.tag for _, detector in DETECTORS.all()} | {PERSONAL_TAG.strip("[]")} | SECRET_TAGS
        tags |= set(config.presidio.entities if config.engine == "presidio" else ())
        self._tag = re.compile(
            r"\[(" + "|".join(sorted(map(re.escape, tags), key=len, reverse=True)) + r")\]"
        )
        self.unreadable = _UNREADABLE.get(config.fields.output_text) if config.enabled else None

    def find(self, texts: Sequence[str]) -> list[Findings]:
        """What each text holds, in their order."""
        changed = self._privacy.changes(texts)
        return [self._counted(changed.get(text, text)) for text in texts]

    def _counted(self, text: str) -> Findings:
        tags = Counter(match[1] for match in self._tag.finditer(text))
        secrets = Counter({tag: n for tag, n in tags.items() if tag in SECRET_TAGS})
        return Findings(personal=tags - secrets, secrets=secrets)


def words(found: Counter[str], also: Counter[str]) -> str:
    """The tags in words; `also`: those of the question, for an answer that repeats one is another matter.

    >>> words(Counter({"EMAIL": 2, "PHONE": 1}), Counter({"PHONE": 1}))
    '2 EMAIL, 1 PHONE (the question has PHONE too)'
    """
    said = ", ".join(f"{n} {tag}" for tag, n in sorted(found.items()))
    both = ", ".join(sorted(set(found) & set(also)))
    return f"{said} (the question has {both} too)" if both else said
