"""A file system of a few megabytes, to be filled, in a mount namespace of its own.

As root, an ext4 image on a loop device; else, where user namespaces are allowed, a tmpfs. Nothing outside the
namespace sees the mount, and it goes with its last process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TMPFS = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'
_IMAGE = 'mount -o loop "$1" "$2" && shift 2 && exec "$@"'


@dataclass(frozen=True)
class SmallDisk:
    """Where it will be mounted, and from what: an image, or a size with a unit for a tmpfs."""

    path: Path
    kind: str
    origin: str


@contextmanager
def on_small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk | None]:
    """A small disk below `folder`, or None where none may be mounted."""
    path = folder / "disk"
    path.mkdir()
    choices = [_image(folder / "image", path, megabytes), SmallDisk(path, "tmpfs", f"{megabytes}m")]
    yield next((disk for disk in choices if disk is not None and _is_allowed(disk)), None)


def inside(disk: SmallDisk, command: Sequence[str]) -> list[str]:
    """`command`, run where the disk is mounted; a tmpfs is a new and empty one in each call."""
    user = [] if disk.kind == "ext4" else ["--user", "--map-root-user"]
    script = _IMAGE if disk.kind == "ext4" else _TMPFS
    return ["unshare", *user, "--mount", "sh", "-c", script, "sh", disk.origin, str(disk.path), *command]


def _image(image: Path, path: Path, megabytes: int) -> SmallDisk | None:
    if os.geteuid() != 0 or shutil.which("mkfs.ext4") is None:
        return None
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    # Without blocks that only root may use: this is root.
    made = subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], capture_output=True, check=False)
    return SmallDisk(path, "ext4", str(image)) if made.returncode == 0 else None


def _is_allowed(disk: SmallDisk) -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(inside(disk, ["true"]), capture_output=True, check=False).returncode == 0
