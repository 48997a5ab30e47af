"""A real receiver for each channel, that answers well or badly. A new channel adds its own to RECEIVERS."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Literal

from mail_listener import PASSWORD, RECIPIENT, MailListener, mail_listening
from slack_listener import TOKEN, Answer, Listener, listening

Word = Literal["ok", "busy", "broken", "refused", "nonsense"]


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """What a test needs to know of one running receiver.

    texts: what each arrived message says to people, decoded. marks: what tells a repeat from a new message.
    final: whether the channel can tell that a message will never be taken.
    """

    environ: Mapping[str, str]
    secrets: Sequence[str]
    texts: Callable[[], list[str]]
    marks: Callable[[], list[Any]]
    bad_values: Sequence[str]
    final: bool = True


Receiving = Callable[[Sequence[Word]], AbstractContextManager[Receiver]]
BAD_URLS = ("http://hooks.example/SECRET", "ftp://SECRET", "SECRET", "https://[SECRET", "https://")


def _answers(words: Sequence[Word], secret: str, ok: bytes = b"ok") -> list[Answer]:
    """The worst a receiver can do in an answer is to repeat the secret that it knows."""
    said = f"no such thing: {secret}".encode()
    known = {
        "ok": Answer(202 if ok != b"ok" else 200, ok),
        "busy": Answer(429, said, {"Retry-After": "7"}),
        "broken": Answer(500, said),
        "refused": Answer(400, said),
        "nonsense": Answer(garbage=b"\x00\xff\xfenonsense\r\n\r\n"),
    }
    return [known[word] for word in words]


def _http_texts(listener: Listener) -> list[str]:
    # Links are the dashboard's own addresses, not text from a log.
    return [str({k: v for k, v in body.items() if k != "links"}) for body in listener.bodies]


@contextmanager
def _slack(words: Sequence[Word]) -> Iterator[Receiver]:
    with listening(_answers(words, f"/services/{TOKEN}")) as listener:
        yield Receiver(
            environ={"CHAINWATCH_SLACK_WEBHOOK_URL": listener.url},
            secrets=TOKEN.split("/"),
            texts=lambda: _http_texts(listener),
            marks=lambda: list(listener.raw),
            bad_values=BAD_URLS,
        )


@contextmanager
def _webhook(words: Sequence[Word]) -> Iterator[Receiver]:
    with listening(_answers(words, f"{TOKEN} hush-SECRET-hush")) as listener:
        yield Receiver(
            environ={
                "CHAINWATCH_WEBHOOK_URL": listener.url,
                "CHAINWATCH_WEBHOOK_SECRET": "hush-SECRET-hush",
            },
            secrets=[*TOKEN.split("/"), "hush-SECRET-hush"],
            texts=lambda: _http_texts(listener),
            marks=lambda: [h["idempotency-key"] for h in listener.headers],
            bad_values=BAD_URLS,
        )


ROUTING_KEY = "R0SECRETabcdefghijklmnopqrstuvwx"


@contextmanager
def _pagerduty(words: Sequence[Word]) -> Iterator[Receiver]:
    taken = b'{"status": "success", "message": "Event processed", "dedup_key": "x"}'
    with listening(_answers(words, ROUTING_KEY, taken)) as listener:
        yield Receiver(
            environ={
                "CHAINWATCH_PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
                "CHAINWATCH_PAGERDUTY_URL": listener.url,
            },
            secrets=[ROUTING_KEY],
            texts=lambda: [t.replace(ROUTING_KEY, "") for t in _http_texts(listener)],
            marks=lambda: [(b["dedup_key"], b["event_action"]) for b in listener.bodies],
            bad_values=("SECRET", "SECRET" * 6, ROUTING_KEY[:-1] + "\n?"),
        )


@contextmanager
def _email(words: Sequence[Word]) -> Iterator[Receiver]:
    with mail_listening(words) as listener:
        yield Receiver(
            environ=listener.environ,
            secrets=[PASSWORD, RECIPIENT],
            texts=lambda: [_mail_text(m) for m in letters(listener)],
            marks=lambda: [m["Message-ID"] for m in letters(listener)],
            bad_values=("SECRET", "a@b\r\nBcc: SECRET@evil.example", "SECRET@", "@SECRET", "<SECRET"),
        )


def letters(listener: MailListener) -> list[EmailMessage]:
    """The arrived letters, parsed."""
    return [message_from_bytes(raw, _class=EmailMessage, policy=default) for raw in listener.letters]


def _mail_text(letter: EmailMessage) -> str:
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert html is not None
    own = re.sub(r'href="[^"]*"', "", html.get_content())
    lines = [line for line in plain.get_content().splitlines() if not line.startswith(("Open ", "Dashboard"))]
    return "\n".join([str(letter["Subject"]), *lines, own])


@contextmanager
def _apprise(words: Sequence[Word]) -> Iterator[Receiver]:
    with listening(_answers(words, TOKEN)) as listener:
        yield Receiver(
            environ={"CHAINWATCH_APPRISE_URL": listener.url.replace("http://", "json://")},
            secrets=TOKEN.split("/"),
            texts=lambda: [re.sub(r"http://localhost\S*", "", t) for t in _http_texts(listener)],
            marks=lambda: list(listener.raw),
            bad_values=("SECRET", "nosuch://SECRET", "https://[SECRET", "discord://"),
            final=False,
        )


RECEIVERS: Mapping[str, Receiving] = {
    "apprise": _apprise,
    "email": _email,
    "pagerduty": _pagerduty,
    "slack": _slack,
    "webhook": _webhook,
}
