"""`chainwatch serve`: receive OTLP until told to stop."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from typing import TYPE_CHECKING

import click

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.options import command
from collectors.receiver_config import ReceiverConfig

if TYPE_CHECKING:
    from collectors.receiver_tls import Tls

TOKEN_VARIABLE = "CHAINWATCH_RECEIVER_TOKEN"  # noqa: S105 - the name of it


@command(
    "serve",
    examples=(
        "chainwatch serve",
        "chainwatch serve --http-port 4319 --no-grpc",
        "CHAINWATCH_RECEIVER_TOKEN=... chainwatch serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    ),
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--http-port",
    type=click.IntRange(0, 65535),
    default=4318,
    show_default=True,
    help="Port for OTLP/HTTP; 0 picks a free one.",
)
@click.option(
    "--grpc-port",
    type=click.IntRange(0, 65535),
    default=4317,
    show_default=True,
    help="Port for OTLP/gRPC; 0 picks a free one.",
)
@click.option("--no-grpc", is_flag=True, help="Receive over HTTP only.")
@click.option("--tls-cert", metavar="FILE", help="Certificate chain, PEM; both ports then speak TLS only.")
@click.option("--tls-key", metavar="FILE", help="Private key of the certificate, PEM.")
@click.option(
    "--allow-anonymous", is_flag=True, help="Let anyone who reaches --host send, without a bearer token."
)
def serve(
    context: Context,
    host: str,
    http_port: int,
    grpc_port: int,
    no_grpc: bool,
    tls_cert: str | None,
    tls_key: str | None,
    allow_anonymous: bool,
) -> None:
    """Receive OTLP traces and logs over HTTP (protobuf and JSON) and gRPC, and store them.

    A request is acknowledged when it is on disk. Point exporters at it with
    OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 (http/protobuf) or http://127.0.0.1:4317 (grpc).
    Set CHAINWATCH_RECEIVER_TOKEN to ask for a bearer token. Ctrl-C stores what is spooled, then stops.
    """
    from collectors.receiver_tls import load

    settings = context.config.section("receiver", ReceiverConfig)
    token = _token(os.environ.get(TOKEN_VARIABLE, "").strip())
    tls = load(tls_cert or settings.tls_cert, tls_key or settings.tls_key)
    with _listen(host, http_port) as sock:
        _guard(_host(sock), token, anonymous=allow_anonymous or settings.allow_anonymous)
        _run(context, settings, sock, None if no_grpc else grpc_port, token, tls)


def _token(given: str) -> str | None:
    # What a header can carry unchanged; others could never be sent back.
    if not all("!" <= letter <= "~" for letter in given):
        raise ConfigError(f"{TOKEN_VARIABLE}: use ASCII letters, digits and signs, without spaces")
    return given or None


def _run(
    context: Context,
    settings: ReceiverConfig,
    sock: socket.socket,
    grpc_port: int | None,
    token: str | None,
    tls: Tls | None,
) -> None:
    from collectors.deploy_markers import record
    from collectors.drainer import Drainer
    from collectors.ingest_rules import rules_spec
    from collectors.receiver_intake import Intake
    from collectors.receiver_metrics import ReceiverMetrics
    from collectors.receiver_server import ReceiverServer
    from collectors.spool import Spool

    metrics = ReceiverMetrics()
    spool = Spool(
        context.home.create().spool,
        max_bytes=settings.spool_max_bytes,
        min_free_bytes=settings.spool_min_free_bytes,
        segment_bytes=settings.segment_bytes,
        on_sync=metrics.syncs.add,
    )
    drainer = Drainer(
        context.home.root, spec=rules_spec(context), every_s=settings.store_every_s, state=metrics.drain
    )

    def started(port: int | None) -> None:
        drainer.start()
        _announce(context, sock, port, token=token, tls=tls)

    intake = Intake(spool, settings=settings, metrics=metrics, clock=context.clock, token=token)
    server = ReceiverServer(
        intake,
        sock,
        host=_host(sock),
        grpc_port=grpc_port,
        tls=tls,
        started=started,
        record_deploy=lambda told: record(context.migrated(), told, clock=context.clock),
    )
    try:
        server.run()
    finally:
        spool.close()
        stored = drainer.stop(settings.stop_wait_s)
    _farewell(context, stored=stored, spans=metrics.drain.stored_spans)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(f"--host {host}: {error.strerror or error}") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(1024)
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"cannot listen on {host}, --http-port {port}: {error.strerror}; "
            "choose another port, or 0 for a free one"
        ) from error
    return sock


def _host(sock: socket.socket) -> str:
    """The numeric address that the socket is bound to."""
    host: str = sock.getsockname()[0]
    return host


def _is_local(host: str) -> bool:
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def _guard(host: str, token: str | None, *, anonymous: bool) -> None:
    """Other machines need a token: what arrives is people's words, and fills the disk."""
    if token is None and not anonymous and not _is_local(host):
        raise ConfigError(
            f"--host {host} can be reached from other machines: set {TOKEN_VARIABLE} so that senders need a "
            "bearer token, or let anyone send with --allow-anonymous"
        )


def _announce(
    context: Context, sock: socket.socket, grpc_port: int | None, *, token: str | None, tls: Tls | None
) -> None:
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    scheme = "https" if tls else "http"
    http = f"{scheme}://{shown}:{port}"
    grpc = None if grpc_port is None else f"{scheme}://{shown}:{grpc_port}"
    if context.as_json:
        click.echo(
            json.dumps(
                {
                    "http": http,
                    "grpc": grpc,
                    "home": str(context.home.root),
                    "token": token is not None,
                    "tls": tls is not None,
                }
            )
        )
    else:
        click.echo(f"Receiving OTLP/HTTP on {http} (traces at /v1/traces, logs at /v1/logs); Ctrl-C stops.")
        if grpc:
            click.echo(f"Receiving OTLP/gRPC on {grpc}")
        click.echo(f"Storing in {context.home.warehouse}")
    if not _is_local(host) and (token is None or tls is None):
        lacks = " and ".join(
            word for word, has in (("a token", token), ("encryption (--tls-cert)", tls)) if not has
        )
        click.echo(f"Warning: {host} can be reached from other machines, without {lacks}.", err=True)


def _farewell(context: Context, *, stored: bool, spans: int) -> None:
    rest = (
        "nothing is left in the spool"
        if stored
        else "the rest is in the spool; `chainwatch ingest` stores it"
    )
    if context.as_json:
        click.echo(json.dumps({"stored_spans": spans, "spool_empty": stored}))
    else:
        click.echo(f"Stopped. {spans} spans stored; {rest}.")
