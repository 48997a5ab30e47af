"""A file system of a few megabytes, to be filled: a tmpfs in a mount namespace of its own.

Needs no rights where user namespaces are allowed (`unshare --user --map-root-user --mount`); nothing outside
the namespace sees the mount, and it goes with its last process.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
_MOUNT = 'mount -t tmpfs -o size="$1"m tmpfs "$2" && shift 2 && exec "$@"'


@dataclass(frozen=True)
class SmallDisk:
    """Where it will be mounted, how large it is in MB, and what it is."""

    path: Path
    megabytes: int
    kind: str = "tmpfs"


@contextmanager
def on_small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk | None]:
    """A small disk below `folder`, or None where none may be mounted."""
    path = folder / "disk"
    path.mkdir()
    disk = SmallDisk(path, megabytes)
    yield disk if is_allowed(disk) else None


def is_allowed(disk: SmallDisk) -> bool:
    """Whether it can be mounted here."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(inside(disk, ["true"]), capture_output=True, check=False).returncode == 0


def inside(disk: SmallDisk, command: Sequence[str]) -> list[str]:
    """`command`, run where the disk is mounted. Each call mounts it anew, and empty."""
    return [*_UNSHARE, _MOUNT, "sh", str(disk.megabytes), str(disk.path), *command]
