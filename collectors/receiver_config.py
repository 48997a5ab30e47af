"""The section [receiver] of chainwatch.toml."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from collectors.config import Section


class ReceiverConfig(Section):
    """`chainwatch serve`. Sizes in bytes, times in seconds."""

    tls_cert: str | None = Field(
        default=None, description="PEM file of the certificate chain; with tls_key, both ports speak TLS only"
    )
    tls_key: str | None = Field(default=None, description="PEM file of the certificate's private key")
    allow_anonymous: bool = Field(
        default=False, description="listen beyond this machine without a token; anyone there may send"
    )
    max_request_bytes: int = Field(
        default=32 << 20, ge=1 << 10, le=1 << 30, description="largest body, before and after unpacking"
    )
    max_waiting_bytes: int = Field(
        default=256 << 20, ge=1 << 20, description="bodies in memory at once; beyond it, 429"
    )
    spool_max_bytes: int = Field(
        default=4 << 30, ge=1 << 20, description="disk cap of the spool; beyond it, 429"
    )
    spool_min_free_bytes: int = Field(
        default=256 << 20, ge=0, description="disk space that the spool leaves free"
    )
    segment_bytes: int = Field(
        default=64 << 20, ge=1 << 16, description="a spool segment is sealed at this size"
    )
    store_every_s: float = Field(
        default=0.5, gt=0, le=60, description="how often the spool is stored in the warehouse"
    )
    read_timeout_s: float = Field(
        default=30.0, gt=0, le=3600, description="how long a sender may take over one body"
    )
    retry_after_s: int = Field(default=5, ge=1, le=3600, description="Retry-After of a 429 or 503")
    lag_warning_s: float = Field(
        default=300.0, gt=0, description="/health says degraded when the warehouse is this far behind"
    )
    stop_grace_s: float = Field(
        default=10.0, ge=0, description="how long a stop waits for requests at work to be acknowledged"
    )
    stop_wait_s: float = Field(
        default=30.0, ge=0, description="how long it then waits for the spool to be stored"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.spool_max_bytes < 2 * self.max_request_bytes:
            raise ValueError(
                f"spool_max_bytes = {self.spool_max_bytes} must be at least twice "
                f"max_request_bytes = {self.max_request_bytes}"
            )
        return self
