"""The forms in which spans may hold a user's id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.cleaning import identifier
from collectors.context import Context
from collectors.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class UserForms:
    """One user, as spans may name him or her.

    Attributes:
        stored: every form that is looked for.
        remembered: those that new records of the user would have. The plain id is only among them where it is
            stored as it is: its hash without a secret could be guessed.
    """

    stored: tuple[str, ...]
    remembered: tuple[str, ...]


def forms_of(user: str, *, hashed: bool, context: Context, environ: Mapping[str, str]) -> UserForms:
    """Every form of the id `user`, under each salt that is known here; with `hashed` it is the stored form.

    ConfigError when it is empty, or a salt cannot be used.
    """
    from collectors.privacy.config import PrivacyConfig
    from collectors.privacy.identity import is_hashed
    from collectors.privacy.privacy import Privacy

    plain = identifier("user_id", user)
    if not plain:
        raise ConfigError("--user is empty: name one user")
    if hashed or is_hashed(plain):
        return UserForms(stored=(plain,), remembered=(plain,))
    privacy = Privacy.from_config(context.config.section("privacy", PrivacyConfig), environ, context.home)
    stored = privacy.known_as(plain)
    is_plain_stored = privacy.hash_user(plain) == plain
    return UserForms(
        stored=stored, remembered=stored if is_plain_stored else tuple(f for f in stored if f != plain)
    )
