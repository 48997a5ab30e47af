"""What checks learnt of their references, kept between runs: the reference of a day is learnt once a day.

A fit is found by everything that it depends on: the rows of its reference, settings, seed, and the code that
made it. So a change of any of these is another name, and an old file is never taken for it. A file that is
damaged is deleted and the check learns again.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path

from monitors.checks.base import Check, CheckSettings, Fitted, NotReady, Reference
from monitors.fit_format import CannotKeepError, dumps, loads

_SUFFIX = ".fit"
_DIGEST_BYTES = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNUSED = timedelta(days=2)
MOST_BYTES = 1 << 30


class FitCache:
    """Fits in a folder of files.

    Attributes:
        keeps: whether what is learnt from now on is kept; what is kept is used in any case.
    """

    def __init__(self, folder: Path | None, *, now: datetime = _EPOCH) -> None:
        """No folder keeps nothing. now: a file's time is when it was last of use."""
        self._folder, self._now = folder, now
        self.keeps = True

    def learn(
        self, check: Check, digest: bytes, reference: Reference, *, settings: CheckSettings, seed: int
    ) -> Fitted | NotReady:
        """What `check.fit` says of the reference, worked out now or by an earlier run.

        digest: of the rows of the reference and of the kind of comparison.
        """
        # A set's name stands in reasons; a period's is told by its rows.
        about = reference.name if reference.pool is not None else ""
        name = self.name(check, digest, about, settings, seed) if self._folder is not None else None
        known = None if name is None else self.get(name)
        if known is not None:
            return known
        made = check.fit(reference, settings=settings, seed=seed)
        if name is not None and self.keeps and not isinstance(made, NotReady):
            self.put(name, made)
        return made

    def name(
        self, check: Check, reference: bytes, about: str, settings: CheckSettings, seed: int
    ) -> str | None:
        """The name of a fit; None for a check of somebody's own, whose code is not known here, and for one
        that reads other fields beside its own, which the digest does not hold.

        reference: digest of its rows; about: what else `fit` is told of the reference.
        """
        if getattr(sys.modules.get(f"monitors.checks.{check.name}"), "CHECK", None) is not check:
            return None
        if getattr(check, "beside", None):
            return None
        parts = (
            code_digest().encode(),
            check.name.encode(),
            reference,
            about.encode(),
            repr(settings).encode(),
        )
        lengths = b" ".join(str(len(part)).encode() for part in parts)
        told = b"\0".join((lengths, *parts, str(seed).encode()))
        return hashlib.blake2b(told, digest_size=20).hexdigest()

    def get(self, name: str) -> Fitted | None:
        """The fit of that name; None when there is none that can be trusted."""
        if self._folder is None:
            return None
        path = self._folder / f"{name}{_SUFFIX}"
        try:
            blob = path.read_bytes()
        except OSError:
            return None
        digest, payload = blob[:_DIGEST_BYTES], blob[_DIGEST_BYTES:]
        try:
            if hashlib.blake2b(payload, digest_size=_DIGEST_BYTES).digest() != digest:
                raise ValueError("the file is damaged")
            fitted: Fitted = loads(payload)
            self._use(path)
        except (ValueError, RecursionError, OSError):
            with suppress(OSError):
                path.unlink()
            return None
        return fitted

    def put(self, name: str, fitted: Fitted) -> None:
        """Keep a fit; what cannot be written, or has no room on the disk, is learnt again next time."""
        if self._folder is None:
            return
        path = self._folder / f"{name}{_SUFFIX}"
        try:
            payload = dumps(fitted)
        except (CannotKeepError, RecursionError):
            return
        digest = hashlib.blake2b(payload, digest_size=_DIGEST_BYTES).digest()
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, made = tempfile.mkstemp(prefix=".making-", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(digest)
                    file.write(payload)
                os.replace(made, path)
            except OSError:
                os.unlink(made)
                raise
            self._use(path)

    def prune(self) -> None:
        """Delete what no run has used for two days, and the oldest beyond a gigabyte."""
        total = 0
        for path, used, size in sorted(self._files(), key=lambda f: f[1], reverse=True):
            total += size
            if used < (self._now - _UNUSED).timestamp() or total > MOST_BYTES:
                with suppress(OSError):
                    path.unlink()

    def _files(self) -> Iterator[tuple[Path, float, int]]:
        if self._folder is None or not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            with suppress(OSError):
                told = path.stat()
                yield path, told.st_mtime, told.st_size

    def _use(self, path: Path) -> None:
        os.utime(path, (self._now.timestamp(),) * 2)


@cache
def code_digest() -> str:
    """Of everything that makes a fit what it is: this package's code, and the libraries it computes with."""
    digest = hashlib.blake2b(digest_size=16)
    for name, text in sorted(_sources(resources.files("monitors"), "monitors")):
        digest.update(f"{name} {len(text)}\n".encode() + text)
    for library in ("numpy", "scipy", "scikit-learn"):
        digest.update(f"{library} {version(library)}\n".encode())
    digest.update(f"{sys.byteorder} {sys.version}".encode())
    return digest.hexdigest()


def _sources(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{name}/{entry.name}")
        elif entry.name.endswith((".py", ".toml", ".json")):
            yield f"{name}/{entry.name}", entry.read_bytes()
