"""A local mail server (aiosmtpd) that answers as one should, or badly."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "mailer", "hush/SECRET@hush"
SENDER, RECIPIENT = "chainwatch@example.org", "oncall-SECRET@example.org"
_SAID = f"no: {PASSWORD} {RECIPIENT}"
_ANSWERS: Mapping[str, str] = {
    "ok": "250 taken",
    "busy": f"451 try later {_SAID}",
    "broken": f"421 closing {_SAID}",
    "refused": f"554 content refused {_SAID}",
    "nonsense": "\x07what? no number at all",
}


@dataclass
class MailListener:
    """What arrived; the script's last answer repeats."""

    script: list[str]
    environ: dict[str, str] = field(default_factory=dict)
    letters: list[bytes] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    unknown: tuple[str, ...] = ()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd asks by this name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return f"550 nobody here is called {address}"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.original_content, bytes)
        self.letters.append(envelope.original_content)
        at_once = server.transport.get_extra_info("ssl_object") is not None
        self.encrypted.append(at_once or session.ssl is not None)
        return _ANSWERS[self.script.pop(0) if len(self.script) > 1 else self.script[0]]

    def authenticate(
        self, server: Any, session: Session, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login.decode(), data.password.decode()) == (USER, PASSWORD)
        self.logins.append(good)
        return AuthResult(success=good, handled=False)


class _Controller(Controller):
    """aiosmtpd asks its port whether it is up; port 0 becomes the one that it got."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_listening(
    words: Sequence[str] = ("ok",),
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    unknown: tuple[str, ...] = (),
) -> Iterator[MailListener]:
    """A mail server on a free port of the loopback: plain, with STARTTLS, or (`implicit`) TLS at once."""
    # The server logs what it hears, passwords too; what is tested is the sender.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)
    listener = MailListener(script=list(words), unknown=unknown)
    settings: dict[str, Any] = {
        "authenticator": listener.authenticate,
        "auth_require_tls": False,
        "auth_exclude_mechanism": None,
    }
    if implicit:
        settings["ssl_context"] = tls
    elif tls is not None:
        settings |= {"tls_context": tls, "require_starttls": True}
    controller = _Controller(listener, hostname="127.0.0.1", port=0, **settings)
    controller.start()
    try:
        scheme = "smtps" if implicit else "smtp"
        listener.environ = {
            "CHAINWATCH_EMAIL_TO": RECIPIENT,
            "CHAINWATCH_EMAIL_FROM": SENDER,
            "CHAINWATCH_SMTP_URL": f"{scheme}://{USER}:hush%2FSECRET%40hush@127.0.0.1:{controller.port}",
        }
        yield listener
    finally:
        controller.stop()
