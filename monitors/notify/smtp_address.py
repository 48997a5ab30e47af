"""The address of a mail server, with its credentials."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from collectors.errors import ConfigError

EXAMPLE = "smtps://user:password@mail.example.org or smtp://user:password@mail.example.org:587"
_PORTS = {"smtps": 465, "smtp": 587}


@dataclass(frozen=True, kw_only=True)
class SmtpAddress:
    """Where mail is handed over: `is_tls` from the first byte, otherwise STARTTLS; no credentials in repr."""

    host: str
    port: int
    is_tls: bool
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, variable: str, value: str) -> SmtpAddress:
        """`value` as an address; ConfigError, which does not repeat it, when it is none."""
        try:
            parts = urlsplit(value)
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        if not host or parts.scheme not in _PORTS or parts.path.strip("/") or parts.query or parts.fragment:
            raise ConfigError(
                f"{variable} must be an address such as {EXAMPLE} "
                "(signs such as @ / # : in the password as %40 %2F %23 %3A); "
                "its value is a secret and not shown here"
            )
        return cls(
            host=host,
            port=port or _PORTS[parts.scheme],
            is_tls=parts.scheme == "smtps",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The credentials, also in the forms in which they travel."""
        plain = f"\0{self.user}\0{self.password}"
        encoded = [b64encode(text.encode()).decode() for text in (self.user, self.password, plain) if text]
        return tuple(text for text in (self.user, self.password, *encoded) if text)
