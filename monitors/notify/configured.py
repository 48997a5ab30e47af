"""The channels that this installation can use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectors.errors import ConfigError
from collectors.registry import Registry
from monitors.alerting.config import NotifyConfig
from monitors.alerting.notice import Notice
from monitors.notify.base import Channel, Delivery, Notifier

CHANNELS: Registry[Channel] = Registry("monitors.notify.channels", "CHANNEL", "channel")


def configured(notify: NotifyConfig, environ: Mapping[str, str]) -> list[Notifier]:
    """Open every channel that `notify.channels` and the routes name; without the former, all that can be.

    Raises ConfigError for a channel that is named and not configured, and for an unknown one.
    """
    found: list[Notifier] = []
    for name, key in wanted(notify).items():
        notifier = open_channel(name, notify, environ, key=key)
        if notifier is not None:
            found.append(notifier)
    return found


def wanted(notify: NotifyConfig) -> dict[str, str | None]:
    """The channels to open, and the key that names each; None: used only if its environment is set."""
    found: dict[str, str | None] = dict.fromkeys(CHANNELS.names() if notify.channels is None else ())
    for name in notify.channels or ():
        found[name] = "notify.channels"
    for number, route in enumerate(notify.routes):
        for name in route.channels:
            if found.get(name) is None:
                found[name] = f"notify.routes.{number}.channels"
    return found


def open_channel(
    name: str, notify: NotifyConfig, environ: Mapping[str, str], *, key: str | None
) -> Notifier | None:
    """The channel called `name`; ConfigError that names `key` where that asks for what is not there.

    `slack:search` is a Slack of its own: each of its variables with _SEARCH at its end comes before the one
    without, and the variable that switches it on must have it.
    """
    kind, colon, own = name.partition(":")
    try:
        channel = CHANNELS.get(kind)
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}" if key else str(error)) from None
    if colon and not (own.isascii() and own.replace("_", "a").isalnum() and own == own.lower()):
        raise ConfigError(f"{key}: {name!r}: after the colon stand small letters, digits and _ only")
    ending = f"_{own.upper()}" if colon else ""
    seen = dict(environ)
    if colon:
        seen.pop(channel.variable, None)
        seen |= {v: environ[v + ending] for v in channel.variables if v + ending in environ}
    notifier = channel.open(seen, timeout=notify.timeout)
    if notifier is None and key is not None:
        raise ConfigError(f"{key} names {name!r}, but {channel.variable}{ending} is not set")
    return Named(name=name, notifier=notifier) if notifier is not None and colon else notifier


@dataclass(frozen=True, kw_only=True)
class Named:
    """A channel under a name of its own."""

    name: str
    notifier: Notifier

    def render(self, notice: Notice) -> dict[str, Any]:
        """As the channel does."""
        return self.notifier.render(notice)

    def send(self, notice: Notice, *, key: str) -> Delivery:
        """As the channel does."""
        return self.notifier.send(notice, key=key)
