"""What commands share: the warehouse that must be there, who calls, and text for a terminal."""

from __future__ import annotations

import getpass

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.warehouse.connection import Warehouse


def existing(context: Context) -> Warehouse:
    """The warehouse with the newest schema; an error that says how to make one where there is none."""
    if not context.warehouse.exists():
        with context.warehouse.read():
            pass
    return context.migrated()


def visible(text: str) -> str:
    """Names come from logs: what would move the cursor of a terminal is shown as what it is.

    >>> visible("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def login() -> str:
    """The login name of who calls; ConfigError where nobody knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ConfigError("say who you are with --by NAME or --author NAME") from None
