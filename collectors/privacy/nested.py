"""Redaction inside JSON values: attributes, parameters, and texts that are JSON themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.privacy.identity import Identity, is_hashed
from collectors.privacy.keys import KeyKind, Keys
from collectors.privacy.scanner import SHORTEST

SECRET_TAG, PERSONAL_TAG = "[SECRET]", "[PERSONAL]"
Changes = Callable[[Iterable[str]], dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Nested:
    """Walks values. What no action touches comes back as the same object, not as a copy.

    `users` and `sessions` hash ids that stand under a key of that meaning; None leaves them.
    """

    keys: Keys
    users: Identity | None
    sessions: Identity | None

    def redact(self, data: Any, changes: Changes) -> Any:
        """`data` with every text replaced as `changes` says, and every telling key obeyed."""
        texts: dict[str, None] = {}
        marked = self.gather(data, texts)
        found = changes(texts) if texts else {}
        return self.rebuild(data, found) if marked or found else data

    def gather(self, data: Any, texts: dict[str, None]) -> bool:
        """Add the texts inside to `texts`; True when some key calls for an action of its own."""
        marked = False
        if isinstance(data, str):
            if len(data) >= SHORTEST:
                texts[data] = None
        elif isinstance(data, Mapping):
            known = self.keys.known
            for key, value in data.items():
                if (known.get(key) or self.keys.kind(key)) != "plain":
                    marked = True
                # Exact types first: this runs for every attribute of every span.
                kind = type(value)
                if kind is str:
                    if len(value) >= SHORTEST:
                        texts[value] = None
                elif kind is int or kind is float or kind is bool:
                    continue
                elif isinstance(value, (str, Mapping, list, tuple)):
                    marked = self.gather(value, texts) or marked
        elif isinstance(data, (list, tuple)):
            for value in data:
                marked = self.gather(value, texts) or marked
        return marked

    def rebuild(self, data: Any, found: Mapping[str, str], kind: KeyKind = "plain") -> Any:
        """`data` with what was found replaced; the same object when nothing in it changes."""
        if isinstance(data, str):
            return found.get(data, data) if kind == "plain" else self._told_by_key(kind, data)
        if isinstance(data, Mapping):
            return self._mapping(data, found, kind)
        if isinstance(data, (list, tuple)):
            new = [self.rebuild(value, found, kind) for value in data]
            same = all(one is other for one, other in zip(new, data, strict=True))
            return data if same else new
        if kind in ("user", "session") and isinstance(data, int) and not isinstance(data, bool):
            return self._told_by_key(kind, str(data))
        return data

    def _mapping(self, data: Mapping[str, Any], found: Mapping[str, str], outer: KeyKind) -> Any:
        new: dict[str, Any] = {}
        same = True
        for key, value in data.items():
            kind = self.keys.kind(key)
            if kind == "dropped":
                same = False
                continue
            # OTLP's {"stringValue": ...} and the like: the meaning of the outer key goes inwards.
            new[key] = made = self.rebuild(value, found, outer if kind == "plain" else kind)
            same = same and made is value
        return data if same else new

    def _told_by_key(self, kind: KeyKind, value: str) -> str:
        if not value:
            return value
        if kind == "user":
            return value if self.users is None or is_hashed(value) else self.users.hash("user", value)
        if kind == "session":
            hashed = self.sessions is None or is_hashed(value)
            return value if hashed or self.sessions is None else self.sessions.hash("session", value)
        if value.startswith("[") and value.endswith("]"):
            return value
        return SECRET_TAG if kind == "secret" else PERSONAL_TAG
