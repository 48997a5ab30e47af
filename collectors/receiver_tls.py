"""The certificate and key of `chainwatch serve`, read and checked before anything listens."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from collectors.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Tls:
    """A certificate chain and its private key as PEM, and where they were read from."""

    cert_path: Path
    key_path: Path
    cert: bytes
    key: bytes


def load(cert: str | None, key: str | None) -> Tls | None:
    """None when neither is given; ConfigError when the two cannot serve TLS together."""
    if not cert and not key:
        return None
    if not cert or not key:
        given, missing = ("--tls-cert", "--tls-key") if cert else ("--tls-key", "--tls-cert")
        raise ConfigError(
            f"{given} {cert or key}: TLS needs {missing} too (or [receiver] in chainwatch.toml)"
        )
    cert_path, key_path = Path(cert).expanduser(), Path(key).expanduser()
    tls = Tls(
        cert_path=cert_path,
        key_path=key_path,
        cert=_read("--tls-cert", cert_path, b"CERTIFICATE-----", "a PEM certificate"),
        key=_read("--tls-key", key_path, b"PRIVATE KEY-----", "a PEM private key"),
    )
    if b"ENCRYPTED" in tls.key:
        raise ConfigError(f"--tls-key {key_path}: the key is encrypted; give one without a passphrase")
    _check(tls)
    return tls


def _read(option: str, path: Path, mark: bytes, what: str) -> bytes:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{option} {path}: {error.strerror or error}") from error
    if mark not in text:
        raise ConfigError(f"{option} {path}: holds no {what.removeprefix('a ')}; give {what} file")
    return text


def _check(tls: Tls) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password of its own it would ask the terminal for one.
        context.load_cert_chain(tls.cert_path, tls.key_path, password=lambda: b"")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(
                f"--tls-key {tls.key_path}: is not the key of the certificate --tls-cert {tls.cert_path}"
            ) from error
        raise ConfigError(
            f"--tls-cert {tls.cert_path} with --tls-key {tls.key_path}: cannot be read as PEM: "
            f"{error.reason or error}"
        ) from error
