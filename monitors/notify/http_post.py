"""One POST of JSON, for channels without a library of their own: no redirect, a bounded answer."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import BaseHandler, HTTPRedirectHandler, ProxyHandler, Request, build_opener

from collectors.errors import ConfigError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_ANSWER = 16_384


class NoAnswerError(Exception):
    """Nothing that could be read came back; the message is the kind of failure and holds no address."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the receiver said; the names of headers are in lower case."""

    status: int
    body: str
    headers: Mapping[str, str]


def post_json(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
    """Post once. Raises NoAnswerError; every status is an answer."""
    request = Request(  # noqa: S310 - the scheme was checked by `checked_address`
        url, data=body, method="POST", headers={"Content-Type": "application/json", **headers}
    )
    handlers: list[BaseHandler] = [_NoRedirect()]
    if urlsplit(url).hostname in LOOPBACK:
        handlers.append(ProxyHandler({}))
    try:
        try:
            response = build_opener(*handlers).open(request, timeout=timeout_s)
        except HTTPError as error:
            response = error
        with response:
            return Answer(
                status=int(response.status),
                body=response.read(_LONGEST_ANSWER).decode("utf-8", "replace"),
                headers={k.lower(): v for k, v in response.headers.items()},
            )
    except (OSError, http.client.HTTPException, ValueError) as error:
        # Its text may hold the address; its kind says enough.
        raise NoAnswerError(type(error).__name__) from None


def checked_address(variable: str, value: str, example: str) -> str:
    """`value` when it is https, or http to this machine; ConfigError, which does not repeat it, otherwise."""
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)):
        raise ConfigError(
            f"{variable} must be an https:// address such as {example}; "
            "its value is a secret and not shown here"
        )
    return value


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would turn the POST into a GET, and a login page's 200 into a delivery."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Never follow."""
