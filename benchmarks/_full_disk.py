"""The disk is full while requests are acknowledged and while the warehouse is written; then it is freed."""

from __future__ import annotations

import random
import shutil
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks._killing import Victim, counted, sending, wait_for_write
from benchmarks._senders import Address

SENDERS = 3
SPANS = 50
# The spool keeps nothing free, so that the disk is full to the last block.
_CONFIG = "[receiver]\nspool_min_free_bytes = 0\nstore_every_s = 0.1\n"


def fill_and_kill(disk: Path, fills: int, seed: int) -> dict[str, object]:
    """Fill the disk `fills` times and free it again, with a kill -9 in two of three; what came of it."""
    rng = random.Random(seed)
    home = disk / "home"
    home.mkdir()
    (home / "chainwatch.toml").write_text(_CONFIG)
    address = Address()
    victim = Victim(home=home, address=address)
    victim.start()
    kills = storing_failed = 0
    with sending(address, SENDERS, SPANS, pause_s=0.02) as senders:
        for number in range(fills):
            time.sleep(rng.uniform(0.3, 1.0))
            if number % 2:
                # In the middle of a transaction or of the checkpoint at its end.
                wait_for_write(home, 5.0)
            fill(disk, leave=rng.choice((0, 4096, 100_000, 1_000_000)))
            full_for = time.monotonic() + rng.uniform(1.5, 3.0)
            failed = False
            while time.monotonic() < full_for:
                failed = failed or victim.metric("storing_fails") == 1
                time.sleep(0.1)
            storing_failed += failed
            if number % 3:
                victim.kill(rng.choice(("all", "receiver", "child")))
                kills += 1
            if number % 2:
                # Restarted on a full disk, and freed later.
                _alive(victim)
                time.sleep(1.0)
            free(disk)
            _alive(victim)
        time.sleep(1.0)
    _alive(victim)
    victim.wait_until_stored(300)
    if not victim.stop():
        raise RuntimeError("the last server left something in the spool")
    refused = sum(sum(s.refused.values()) for s in senders)
    return {
        "counted": asdict(counted(home, senders)),
        "fills": fills,
        "kills": kills,
        "refused": refused,
        "storing_failed": storing_failed,
    }


def fill(disk: Path, *, leave: int) -> None:
    """Take all space but `leave` bytes, again and again until nobody has freed any."""
    with (disk / "filler").open("ab", buffering=0) as file:
        for _ in range(3):
            room = shutil.disk_usage(disk).free - leave
            try:
                while room > 0 or leave == 0:
                    room -= file.write(bytes(min(max(room, 4096), 1 << 20)))
            except OSError:
                continue


def free(disk: Path) -> None:
    """Give the space back."""
    (disk / "filler").unlink(missing_ok=True)


def _alive(victim: Victim) -> None:
    if victim.process is None or victim.process.poll() is not None:
        victim.start()
