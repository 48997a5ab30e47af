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
    from collectors.privacy.identity import former_identities, is_hashed, open_identity

    plain = identifier("user_id", user)
    if not plain:
        raise ConfigError("--user is empty: name one user")
    if hashed or is_hashed(plain):
        return UserForms(stored=(plain,), remembered=(plain,))
    privacy = context.config.section("privacy", PrivacyConfig)
    is_hashing = privacy.enabled and privacy.fields.user_id == "hash"
    identities = [i.hash("user", plain) for i in former_identities(environ, context.home)]
    if is_hashing:
        identities.insert(0, open_identity(environ, context.home).hash("user", plain))
    hashes = tuple(dict.fromkeys(identities))
    return UserForms(stored=(*hashes, plain), remembered=hashes if is_hashing else (*hashes, plain))
