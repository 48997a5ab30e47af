"""What the name of an attribute says about its value, whatever the value looks like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from typing import Literal

from collectors import semconv

# plain: only the value's own form counts. The others say that the value is a secret, an id, or a person.
KeyKind = Literal["plain", "secret", "user", "session", "personal", "dropped"]

_REMEMBERED = 10_000
_SECRET = re.compile(
    r"(?:^|[._\-\s])(?:passw(?:or)?d|passphrase|passwort|pwd|secret|api[_-]?key|access[_-]?key|secret[_-]?key|account[_-]?key"
    r"|private[_-]?key|auth[_-]?key|client[_-]?secret|(?:access|auth|refresh|id|session|security|bearer|api)[_-]?token"
    r"|(?:proxy[_-])?authorization|(?:set[_-])?cookie|credentials?|connection[_-]?string)(?:\.\d+)?$",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_USER = re.compile(r"(?:^|[._-])(?:end)?user[._-]?id$", re.IGNORECASE)
_SESSION = re.compile(r"(?:^|[._-])session[._-]?id$", re.IGNORECASE)
# The registry of OpenTelemetry names these of a user; e-mail addresses are found by their form as well.
_PERSONAL = re.compile(
    r"(?:^|[._-])(?:end)?user[._](?:(?:full[._]?)?name|email|phone(?:[._]number)?|address)$", re.I
)


class Keys:
    """Sorts attribute names; what it has sorted it remembers, for the same few come again and again."""

    def __init__(self, dropped: Sequence[str]) -> None:
        self._dropped = re.compile("|".join(translate(p) for p in dropped)) if dropped else None
        self.known: dict[str, KeyKind] = {}

    def kind(self, key: str) -> KeyKind:
        """What is known of a value by its key alone."""
        found = self.known.get(key)
        if found is None:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            found = self.known[key] = self._sort(key)
        return found

    def _sort(self, key: str) -> KeyKind:
        if self._dropped is not None and self._dropped.match(key):
            return "dropped"
        name = _CAMEL.sub("_", key)
        forms: tuple[tuple[re.Pattern[str], KeyKind], ...] = (
            (_SECRET, "secret"),
            (_USER, "user"),
            (_SESSION, "session"),
            (_PERSONAL, "personal"),
        )
        if key in semconv.USER:
            return "user"
        if key in semconv.SESSION:
            return "session"
        return next((kind for form, kind in forms if form.search(name)), "plain")
