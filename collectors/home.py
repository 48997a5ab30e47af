"""CHAINWATCH_HOME: where the warehouse, the spool, the models and the locks live."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from collectors.errors import ChainwatchError

DEFAULT_HOME = Path(".chainwatch")


@dataclass(frozen=True)
class Home:
    """The folder that holds everything one installation stores."""

    root: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Home:
        """`CHAINWATCH_HOME`, or `./.chainwatch`; made absolute so that cron may change directory."""
        value = (os.environ if environ is None else environ).get("CHAINWATCH_HOME", "").strip()
        return cls(root=(Path(value).expanduser() if value else DEFAULT_HOME).absolute())

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def fits(self) -> Path:
        """What checks learnt of their references; learnt again when it is not there."""
        return self.root / "fits"

    @property
    def run_lock(self) -> Path:
        return self.root / "run.lock"

    @property
    def config(self) -> Path:
        return self.root / "chainwatch.toml"

    def create(self) -> Home:
        """Make the folder, readable by its owner only: logs hold people's words.

        ChainwatchError when it cannot be made.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ChainwatchError(
                f"cannot make the folder {self.root}: {error.strerror}; set CHAINWATCH_HOME to one that "
                "can be written"
            ) from error
        return self
