"""Streamlit in this process, on localhost, without telemetry."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from importlib import resources
from pathlib import Path

import click

from collectors.context import Context
from collectors.errors import ChainwatchError, ConfigError
from dashboard import sign_in
from dashboard.config import DashboardConfig
from dashboard.warm import warm

_READY_WITHIN_S = 60.0


class PortTakenError(ChainwatchError):
    """Something else listens where the dashboard should."""


def serve_dashboard(
    context: Context, *, host: str, port: int, browser: bool, without_login: bool = False
) -> None:
    """Serve until stopped. Raises PortTakenError when the port is in use, ConfigError when everybody could
    reach it and nobody had to sign in, unless `without_login` says that this is meant.

    Runs in the calling thread, which must be the main one: Ctrl-C and SIGTERM stop it.
    """
    secrets = sign_in.secrets_of(context.config.section("dashboard", DashboardConfig), os.environ)
    if secrets is None and not _is_local(host):
        _without_login(host, meant=without_login)
    _claim(host, port)
    if secrets is not None:
        sign_in.hand_over(secrets)
    # The pages find home and config as every command does; what this call was given must reach them.
    os.environ["CHAINWATCH_HOME"] = str(context.home.root)
    if Path(context.config.origin).is_file():
        os.environ["CHAINWATCH_CONFIG"] = str(Path(context.config.origin).absolute())
    url = f"http://{_shown(host)}:{port}"
    threading.Thread(target=_announce, args=(context, url, browser), daemon=True).start()
    folder = Path(str(resources.files("dashboard")))
    from streamlit.web import cli as streamlit_cli

    try:
        streamlit_cli.main(
            ["run", str(folder / "app.py"), *_options(folder, host, port)], standalone_mode=False
        )
    finally:
        # What `warm` froze is never freed, and DuckDB's binding prints a page of warnings about that.
        gc.unfreeze()


def _without_login(host: str, *, meant: bool) -> None:
    """Refuse, or warn when it is meant."""
    open_to_all = (
        f"listening on {host}, whoever reaches this machine could read every logged text and act on "
        "incidents: there is no login"
    )
    if not meant:
        raise ConfigError(
            f"{open_to_all}. Choose one of: leave out --host; let people sign in with [dashboard.auth]; "
            "--without-login, behind a proxy that authenticates"
        )
    click.echo(f"Warning: {open_to_all}. Only a proxy with authentication may reach it.", err=True)


def _options(folder: Path, host: str, port: int) -> list[str]:
    options = {
        "server.address": host,
        "server.port": str(port),
        # Streamlit would ask for an e-mail address and open a browser by itself; `_announce` does the latter.
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.runOnSave": "false",
        # Pages write what they show; otherwise each is parsed and rewritten before it runs.
        "runner.magicEnabled": "false",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": _shown(host),
        "browser.serverPort": str(port),
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        # The table's own export writes texts that a spreadsheet would run; the pages offer a safe one.
        "client.disableDataExport": "true",
        "logger.level": "warning",
        "logger.hideWelcomeMessage": "true",
        "theme.base": str(folder / "theme.toml"),
    }
    return [f"--{name}={value}" for name, value in options.items()]


def _claim(host: str, port: int) -> None:
    """Fail now and clearly, rather than later and inside of Streamlit."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise PortTakenError(f"--host {host}: no such address ({error})") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise PortTakenError(
                f"{host}:{port} cannot be used ({error.strerror}). Another dashboard may be running there; "
                f"stop it, or choose another port: chainwatch dashboard --port {min(port + 1, 65535)}"
            ) from error


def _announce(context: Context, url: str, browser: bool) -> None:
    """Print the address when it answers, open it, and load what pages need while the browser starts."""
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            # The address is our own, made above from host and port.
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    else:
        return
    auth = context.config.section("dashboard", DashboardConfig).auth
    who = "" if auth else ". No login: for whoever uses this machine"
    context.answer({"url": url}, f"Dashboard: {url}   (Ctrl-C stops it){who}")
    if browser:
        webbrowser.open(url)
    warm()


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(host: str) -> str:
    """The host for a link: a wildcard is reached as localhost, an IPv6 address stands in brackets."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host
