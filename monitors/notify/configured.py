"""The channels that this installation can use."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.errors import ConfigError
from collectors.registry import Registry
from monitors.alerting.config import NotifyConfig
from monitors.notify.base import Channel, Notifier

CHANNELS: Registry[Channel] = Registry("monitors.notify.channels", "CHANNEL", "channel")


def configured(notify: NotifyConfig, environ: Mapping[str, str]) -> list[Notifier]:
    """Open every channel that the environment configures, or those that `notify.channels` names.

    Raises ConfigError for a channel that is named and not configured, and for an unknown one.
    """
    found: list[Notifier] = []
    names = CHANNELS.names() if notify.channels is None else notify.channels
    for name in names:
        channel = CHANNELS.get(name)
        notifier = channel.open(environ, timeout=notify.timeout)
        if notifier is not None:
            found.append(notifier)
        elif notify.channels is not None:
            raise ConfigError(f"notify.channels names {name!r}, but {channel.variable} is not set")
    return found
