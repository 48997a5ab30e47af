"""User and session ids as keyed hashes: the same person stays the same, and nobody reads who it is.

The key is the salt in `CHAINWATCH_HASH_SALT`. Without it one is made, once, in CHAINWATCH_HOME: ids are few
enough to be guessed, so a hash without a secret would protect nobody.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from collectors.errors import ConfigError
from collectors.home import Home

SALT_VARIABLE = "CHAINWATCH_HASH_SALT"
SALT_FILE = "hash_salt"
SHORTEST_SALT = 16
PREFIX = "hashed:"
_HASHED = re.compile(r"hashed:[0-9a-f]{32}")
_REMEMBERED = 100_000

Kind = Literal["user", "session", "text"]


def is_hashed(value: str) -> bool:
    """Whether a value is a hash of ours already: loading an export again must not hash it twice."""
    return value.startswith(PREFIX) and _HASHED.fullmatch(value) is not None


@dataclass(frozen=True)
class Identity:
    """Hashes under one salt. Nothing shows the salt; it is not part of the representation."""

    salt: bytes = field(repr=False)
    _known: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"user": {}, "session": {}}, repr=False, compare=False
    )

    def hash(self, kind: Kind, raw: str) -> str:
        """`hashed:` and 32 hex digits of BLAKE2b keyed with the salt; a hash of ours comes back as it is.

        A user and a session of the same name differ: `kind` is the personalisation of the hash.
        """
        known = self._known.get(kind, {})
        found = known.get(raw)
        if found is None:
            (found,) = self.hash_each(kind, (raw,))
            if len(known) >= _REMEMBERED:
                known.clear()
            known[raw] = found
        return found

    def hash_each(self, kind: Kind, raws: Iterable[str]) -> list[str]:
        """What `hash` makes of each of many different ones, for a fraction of the time a single one takes."""
        # The key is a block of its own: it is taken in once.
        keyed = hashlib.blake2b(key=self.salt, person=kind.encode(), digest_size=16)
        hashed = []
        for raw in raws:
            if raw.startswith(PREFIX) and is_hashed(raw):
                hashed.append(raw)
            else:
                one = keyed.copy()
                one.update(raw.encode("utf-8", "surrogatepass"))
                hashed.append(PREFIX + one.hexdigest())
        return hashed

    def __getstate__(self) -> dict[str, object]:
        return {"salt": self.salt, "_known": {"user": {}, "session": {}}}

    def __setstate__(self, state: dict[str, object]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)


def open_identity(environ: Mapping[str, str], home: Home) -> Identity:
    """By the salt of the environment, or that of the home, which is made when there is none.

    Raises ConfigError, without the salt, when it is too short to be a secret.
    """
    named = environ.get(SALT_VARIABLE, "").strip()
    if named:
        return Identity(_key(named, SALT_VARIABLE))
    path = home.create().root / SALT_FILE
    if not path.exists():
        _make(path)
    return Identity(_key(path.read_text("utf-8").strip(), str(path)))


def former_identities(environ: Mapping[str, str], home: Home) -> list[Identity]:
    """Every identity that rows of this home may carry: that of the environment and that of the home."""
    found = []
    named = environ.get(SALT_VARIABLE, "").strip()
    if named:
        found.append(Identity(_key(named, SALT_VARIABLE)))
    path = home.root / SALT_FILE
    if path.exists():
        found.append(Identity(_key(path.read_text("utf-8").strip(), str(path))))
    return found


def _key(salt: str, origin: str) -> bytes:
    if len(salt) < SHORTEST_SALT:
        raise ConfigError(
            f"{origin}: the salt has {len(salt)} characters; give at least {SHORTEST_SALT} random ones, "
            "such as the output of `openssl rand -hex 32`"
        )
    # BLAKE2b takes keys of at most 64 bytes.
    return hashlib.blake2b(salt.encode("utf-8"), digest_size=64).digest()


def _make(path: Path) -> None:
    """Write a new salt, readable by its owner only; when another process was first, its salt stays."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
