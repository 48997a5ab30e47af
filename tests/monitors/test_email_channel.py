"""E-mail through a real mail server: encrypted, in one thread, and honest about what was refused."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from channel_receivers import letters
from mail_listener import RECIPIENT, SENDER, MailListener, mail_listening
from test_slack_payload import HOSTILE, RESOLVED, firing

from collectors.errors import ConfigError
from monitors.notify.base import Notifier
from monitors.notify.channels.email import CHANNEL
from monitors.notify.smtp_address import SmtpAddress


def opened(environ: Mapping[str, str]) -> Notifier:
    notifier = CHANNEL.open(environ, timeout=timedelta(seconds=5))
    assert notifier is not None
    return notifier


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate whose authority is trusted as SSL_CERT_FILE says."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return context


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS at once"])
def test_it_signs_in_and_travels_encrypted(tls: ssl.SSLContext, implicit: bool) -> None:
    with mail_listening(tls=tls, implicit=implicit) as listener:
        assert opened(listener.environ).send(firing(), key="k").outcome == "sent"
    assert (listener.encrypted, listener.logins) == ([True], [True])


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS at once"])
def test_a_certificate_of_nobody_known_gets_no_password(
    tls: ssl.SSLContext, implicit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with mail_listening(tls=tls, implicit=implicit) as listener:
        delivery = opened(listener.environ).send(firing(), key="k")
    assert (delivery.outcome, listener.logins, listener.letters) == ("retry", [], [])
    assert delivery.error == "no answer from the mail server: SSLCertVerificationError"


def test_another_machine_without_starttls_gets_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if 127.0.0.1 were far away.
    monkeypatch.setattr("monitors.notify.channels.email.LOOPBACK", ())
    with mail_listening() as listener:
        delivery = opened(listener.environ).send(firing(), key="k")
    assert (delivery.outcome, listener.logins, listener.letters) == ("retry", [], [])


def test_a_wrong_password_is_tried_again_later() -> None:
    with mail_listening() as listener:
        wrong = listener.environ["CHAINWATCH_SMTP_URL"].replace("hush%2F", "other%2F")
        delivery = opened({**listener.environ, "CHAINWATCH_SMTP_URL": wrong}).send(firing(), key="k")
    assert delivery.outcome == "retry"
    assert delivery.error == "the mail server refused the login (535)"


def test_an_unknown_recipient_is_said_and_not_named() -> None:
    with mail_listening(unknown=(RECIPIENT,)) as listener:
        nobody = opened(listener.environ).send(firing(), key="k")
        two = {**listener.environ, "CHAINWATCH_EMAIL_TO": f"{RECIPIENT}, b@example.org"}
        some = opened(two).send(firing(), key="k")
    assert nobody.outcome == "retry"
    assert nobody.error == "the mail server answered 550: nobody here is called [hidden]"
    assert (some.outcome, some.error) == ("sent", "not taken for 1 of 2 recipients")
    assert len(listener.letters) == 1


def test_the_messages_of_an_incident_are_one_thread() -> None:
    with mail_listening() as listener:
        notifier = opened(listener.environ)
        notifier.send(firing(), key="a/firing/1/email")
        notifier.send(firing(kind="update"), key="a/update/1/email")
        notifier.send(firing(**RESOLVED), key="a/resolved/1/email")
        notifier.send(firing(times_opened=2), key="a/firing/2/email")
        notifier.send(firing(incident_id="other"), key="b/firing/1/email")
    first, *later, other = letters(listener)
    assert first["References"] is None
    assert [m["References"] for m in later] == [first["Message-ID"]] * 3
    assert [m["In-Reply-To"] for m in later] == [first["Message-ID"]] * 3
    assert other["References"] is None
    assert len({m["Message-ID"] for m in letters(listener)}) == 5
    assert first["Message-ID"].endswith("@example.org>")


def test_the_letter_says_the_same_in_text_and_in_html() -> None:
    with mail_listening() as listener:
        opened(listener.environ).send(firing(), key="k")
    [letter] = letters(listener)
    assert (letter["From"], letter["To"]) == (SENDER, RECIPIENT)
    assert "Page: Generator latency rose: p95 4.1 s against 1.9 s" in letter["Subject"]
    assert (letter["Auto-Submitted"], letter["Importance"]) == ("auto-generated", "high")
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    for fact in ("Component generator", "2026-03-02 14:00 UTC", "12 min before", "Ruled out: application"):
        assert fact in plain.get_content()
        assert fact in html.get_content()
    assert "should arrive <soon>." in plain.get_content()
    assert "should arrive &lt;soon&gt;." in html.get_content()
    assert "http://localhost:8501/incident?incident=0123456789ab" in plain.get_content()
    assert (
        'href="http://localhost:8501/component?chain=support&amp;component=generator"' in html.get_content()
    )


def test_no_header_can_be_added_from_a_log() -> None:
    injected = "x\r\nBcc: victim@evil.example\r\nX-Evil: 1\r\n\r\nbody"
    with mail_listening() as listener:
        notice = firing(
            title=injected, component=injected, chain=injected, incident_id=injected, severity="page"
        )
        opened(listener.environ).send(notice, key=injected)
        opened(listener.environ).send(firing(title=HOSTILE, owner="\u00fc\udc80\ud83d" * 200), key="k")
    assert len(listener.letters) == 2
    for letter in letters(listener):
        assert letter["Bcc"] is None
        assert letter["X-Evil"] is None
        assert str(letter["To"]) == RECIPIENT
        html = letter.get_body(("html",))
        assert html is not None
        assert "<https" not in html.get_content()


@pytest.mark.parametrize("missing", ["CHAINWATCH_EMAIL_FROM", "CHAINWATCH_SMTP_URL"])
def test_what_is_missing_is_named(missing: str) -> None:
    environ = MailListener(script=[]).environ | {
        "CHAINWATCH_EMAIL_TO": "a@example.org",
        "CHAINWATCH_EMAIL_FROM": "b@example.org",
        "CHAINWATCH_SMTP_URL": "smtps://mail.example.org",
    }
    del environ[missing]
    with pytest.raises(ConfigError, match=f"CHAINWATCH_EMAIL_TO needs {missing}"):
        opened(environ)


@pytest.mark.parametrize(
    "value",
    ["mail.example.org", "http://SECRET", "smtp://", "smtp://a:SECRET/x@host", "smtp://u:SECRET@h:99999"],
)
def test_a_server_that_cannot_be_used_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(ConfigError, match="must be an address such as") as error:
        SmtpAddress.parse("CHAINWATCH_SMTP_URL", value)
    assert "SECRET" not in str(error.value)


def test_ports_and_credentials_of_a_server() -> None:
    address = SmtpAddress.parse("V", "smtps://me%40x:p%2Fw@mail.example.org")
    assert (address.host, address.port, address.is_tls) == ("mail.example.org", 465, True)
    assert (address.user, address.password) == ("me@x", "p/w")
    assert "p/w" not in repr(address)
    assert SmtpAddress.parse("V", "smtp://h").port == 587
