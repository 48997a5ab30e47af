"""The forms in which spans may hold a user's id."""

from __future__ import annotations

from collectors.cleaning import identifier
from collectors.errors import ConfigError


def stored_ids(user: str, *, hashed: bool) -> list[str]:
    """Every form in which the id may be stored, the likeliest first; ConfigError when it is empty."""
    plain = identifier("user_id", user)
    if not plain:
        raise ConfigError("--user is empty: name one user")
    return [plain]
