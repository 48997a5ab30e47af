"""Errors that people read: each says what is wrong, where, and what to do."""

from __future__ import annotations


class ChainwatchError(Exception):
    """Anything that stops a command; the CLI prints it without a traceback and exits 1."""

    exit_code = 1


class ConfigError(ChainwatchError):
    """A key, value or option that cannot be used; names the choices. Exit code 2."""

    exit_code = 2


class WarehouseBusyError(ChainwatchError):
    """The warehouse stayed locked for the whole bounded wait."""


class WarehouseError(ChainwatchError):
    """The warehouse cannot be opened, migrated or written."""


class WarehouseDamagedError(WarehouseError):
    """The warehouse file is not what was written: a failing disk, a copy cut short, another program."""


class SourceError(ChainwatchError):
    """A whole file or request cannot be read; single bad records are quarantined instead."""


class SpoolFullError(ChainwatchError):
    """The spool reached its disk cap; senders must back off."""


class RunInProgressError(ChainwatchError):
    """Another monitor run holds the run lock."""
