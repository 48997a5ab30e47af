"""One measurement in a process of its own that may use so much CPU time and memory, and no more."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

IMPORTS_S = 90.0  # CPU seconds beside the limit, for imports and a first small call
_WALL = 6.0  # a busy machine may take so many times the CPU seconds


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one method took on one size; without `cpu_s` the note says why there is nothing."""

    method: str
    n: int
    cpu_s: float | None = None
    wall_s: float | None = None
    memory_mb: float | None = None
    p: float | None = None
    note: str = ""

    def short(self) -> str:
        """For a table."""
        if self.cpu_s is None:
            return self.note
        digits = f"{self.cpu_s:.2g}" if self.cpu_s < 10.0 else f"{self.cpu_s:,.0f}"
        return f"{digits} s, {self.memory_mb:,.0f} MB"


def kept(path: Path | None) -> dict[tuple[str, int], Cell]:
    """The cells of a file that `append` wrote, by method and size; none where there is no file."""
    if path is None or not path.exists():
        return {}
    cells = [Cell(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    return {(cell.method, cell.n): cell for cell in cells}


def append(path: Path, cell: Cell) -> None:
    """Add a cell to a file, one a line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(cell)) + "\n")


def bound(cpu_s: str, memory_gb: str) -> None:
    """From here on this process may use so much, and is ended by the system when it wants more."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s), int(cpu_s) + 5))
    size = int(float(memory_gb) * 2**30)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def has(python: str, module: str) -> bool:
    """Whether that interpreter can find the module."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def measure(command: list[str], method: str, n: int, limit: float, memory_gb: float) -> Cell:
    """Run it, with CPU seconds and GB as two more arguments: it bounds itself by `bound`.

    Its last line is JSON with wall_s, cpu_s, memory_mb and p.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with subprocess.Popen(
        [*command, f"{limit + IMPORTS_S:.0f}", f"{memory_gb:g}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            out, said = process.communicate(timeout=(limit + IMPORTS_S) * _WALL)
        except subprocess.TimeoutExpired:
            return Cell(method=method, n=n, note=f"stopped at {limit:.0f} s")
        finally:
            # Its workers too: some tools start processes of their own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode == 0:
        found = json.loads(out.strip().splitlines()[-1])
        if found["cpu_s"] > limit * 1.2:
            return Cell(method=method, n=n, note=f"stopped at {limit:.0f} s")
        kept = {name: found[name] for name in ("cpu_s", "wall_s", "memory_mb", "p")}
        return Cell(method=method, n=n, **kept)
    if process.returncode < 0:
        return Cell(method=method, n=n, note=f"stopped at {limit:.0f} s")
    if any(word in said for word in ("MemoryError", "not enough memory", "bad_alloc", "alloc")):
        return Cell(method=method, n=n, note=f"over {memory_gb:g} GB")
    last = (said.strip().splitlines() or ["failed"])[-1]
    return Cell(method=method, n=n, note=f"failed: {last[:60]}")
