"""`chainwatch serve`: receive OTLP until told to stop."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import socket
from types import FrameType

import click

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.options import command
from collectors.receiver_config import ReceiverConfig

TOKEN_VARIABLE = "CHAINWATCH_RECEIVER_TOKEN"  # noqa: S105 - the name of it
_GRACE_S = 10


@command(
    "serve",
    examples=(
        "chainwatch serve",
        "chainwatch serve --http-port 4319",
        "CHAINWATCH_RECEIVER_TOKEN=... chainwatch serve --host 0.0.0.0",
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
    help="Port for OTLP/gRPC. This version receives OTLP over HTTP only, so naming one is refused.",
)
def serve(context: Context, host: str, http_port: int, grpc_port: int | None) -> None:
    """Receive OTLP traces and logs over HTTP (protobuf and JSON, gzip) and store them.

    A request is acknowledged when it is on disk. Point exporters at it with
    OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 and OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.
    Set CHAINWATCH_RECEIVER_TOKEN to ask for a bearer token. Ctrl-C stores what is spooled, then stops.
    """
    if grpc_port is not None:
        raise ConfigError(
            f"--grpc-port {grpc_port}: this version receives OTLP over HTTP only; set "
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf in the exporter and leave --grpc-port out"
        )
    settings = context.config.section("receiver", ReceiverConfig)
    token = os.environ.get(TOKEN_VARIABLE, "").strip() or None
    with _listen(host, http_port) as sock:
        _run(context, settings, sock, token)


def _run(context: Context, settings: ReceiverConfig, sock: socket.socket, token: str | None) -> None:
    import uvicorn

    from collectors.drainer import Drainer
    from collectors.receiver import Receiver
    from collectors.receiver_metrics import ReceiverMetrics
    from collectors.spool import Spool

    spool = Spool(
        context.home.create().spool,
        max_bytes=settings.spool_max_bytes,
        min_free_bytes=settings.spool_min_free_bytes,
        segment_bytes=settings.segment_bytes,
    )
    metrics = ReceiverMetrics()
    receiver = Receiver(spool, settings=settings, metrics=metrics, clock=context.clock, token=token)
    drainer = Drainer(context.home.root, every_s=settings.store_every_s, state=metrics.drain)
    server = uvicorn.Server(
        uvicorn.Config(
            receiver.app(),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    # uvicorn raises the signal again when it has stopped; the end here is an orderly one.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _ignore)
    drainer.start()
    _announce(context, sock, token)
    try:
        server.run(sockets=[sock])
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


def _announce(context: Context, sock: socket.socket, token: str | None) -> None:
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}"
    if context.as_json:
        click.echo(json.dumps({"http": url, "home": str(context.home.root), "token": token is not None}))
    else:
        click.echo(f"Receiving OTLP/HTTP on {url} (traces at /v1/traces, logs at /v1/logs); Ctrl-C stops.")
        click.echo(f"Storing in {context.home.warehouse}")
    if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        guard = "the bearer token is the only guard" if token else f"set {TOKEN_VARIABLE} to ask for a token"
        click.echo(
            f"Warning: {host} can be reached from other machines, without encryption; {guard}.", err=True
        )


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


def _ignore(number: int, frame: FrameType | None) -> None:
    """Let the orderly end go on."""
