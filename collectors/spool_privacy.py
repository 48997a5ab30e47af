"""Redaction as spans in columns need it: by values, with what a whole record needs left to whole records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from collectors.ingest_batch import Batch
from collectors.messages import known_roles
from collectors.model import Span
from collectors.privacy.keys import Keys
from collectors.privacy.privacy import Privacy
from collectors.privacy.scanner import SHORTEST

# The fields that spans in columns have of their own, with the only action that is done there.
_REDACTED = ("input_text", "output_text", "attributes")
# All keys of a message of one text, and the type of its one part.
_OF_MESSAGES = ("role", "content", "parts", "type", "text")


class ColumnPrivacy:
    """What one configuration does to the values of spans."""

    def __init__(self, privacy: Privacy) -> None:
        self._privacy = privacy
        self._keys = Keys(privacy.config.drop_attributes)
        self._ids = {"user_id": privacy.identified("user"), "session_id": privacy.identified("session")}
        # A message is searched as JSON, value by value; beside its text there are only a role and names.
        words = (*known_roles(), *_OF_MESSAGES)
        self.sees_messages = all(map(self.plain, _OF_MESSAGES)) and not privacy.changes(words)

    @classmethod
    def of(cls, privacy: Privacy) -> ColumnPrivacy | None:
        """None when the configuration does with whole fields what is only done with whole records."""
        actions = privacy.config.fields
        if any(getattr(actions, name) != "redact" for name in _REDACTED):
            return None
        return cls(privacy)

    def stored(self, spans: Sequence[Span]) -> Sequence[Span]:
        """The spans as they are stored."""
        return self._privacy.batch(Batch(spans=list(spans))).spans

    def plain(self, key: str) -> bool:
        """Whether an attribute's name says nothing of its value."""
        return self._keys.kind(key) == "plain"

    def changes(self, texts: Iterable[str]) -> Mapping[str, str]:
        """Of distinct texts those that are stored otherwise, with what they become."""
        return self._privacy.changes(text for text in texts if len(text) >= SHORTEST)

    def identified(self, field: str, raw: str) -> str | None:
        """What the id in `user_id` or `session_id` becomes."""
        return self._ids[field](raw)
