"""POST /v1/deploys: a pipeline tells the receiver that another version runs from now on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from collectors.errors import ChainwatchError, ConfigError
from collectors.model import Deploy
from collectors.receiver_intake import Intake
from collectors.receiver_refusal import Refusal, RefusedError

RecordDeploy = Callable[[Mapping[str, Any]], Deploy]
_LONGEST_BODY = 1 << 16


class DeployEndpoint:
    """Answers with the marker when it is stored; with an error and a sentence otherwise."""

    def __init__(self, intake: Intake, record: RecordDeploy) -> None:
        self._intake = intake
        self._record = record

    async def post(self, request: Request) -> Response:
        """One marker as a JSON object; see docs/reference/deploys.md."""
        try:
            self._intake.admit(request.headers.get("authorization", ""))
            made = await self._stored(await self._told(request))
            response: Response = JSONResponse(
                {"deploy_id": made.deploy_id, "chain": made.chain, "component": made.component,
                 "field": made.field, "version": made.value, "deployed_at": made.deployed_at.isoformat()}
            )  # fmt: skip
        except RefusedError as refused:
            response = JSONResponse({"error": str(refused)}, refused.refusal.status)
            if refused.refusal.retry:
                response.headers["Retry-After"] = str(self._intake.settings.retry_after_s)
            if refused.refusal is Refusal.UNAUTHENTICATED:
                response.headers["WWW-Authenticate"] = "Bearer"
        self._intake.metrics.requests["http", "deploys", str(response.status_code)] += 1
        return response

    async def _told(self, request: Request) -> Mapping[str, Any]:
        body = await self._body(request)
        try:
            told = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise RefusedError(Refusal.INVALID, f"not valid JSON: {error}") from error
        if not isinstance(told, dict):
            raise RefusedError(
                Refusal.INVALID, 'send an object, as in {"version": "v42", "component": "generator"}'
            )
        return told

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        try:
            async with asyncio.timeout(self._intake.settings.read_timeout_s):
                async for part in request.stream():
                    body += part
                    if len(body) > _LONGEST_BODY:
                        raise RefusedError(
                            Refusal.TOO_LARGE, f"the body is larger than {_LONGEST_BODY} bytes"
                        )
        except TimeoutError as error:
            raise RefusedError(Refusal.TIMED_OUT, "the body did not arrive in time") from error
        except ClientDisconnect as error:
            raise RefusedError(Refusal.INVALID, "the body was cut off") from error
        return bytes(body)

    async def _stored(self, told: Mapping[str, Any]) -> Deploy:
        try:
            # In a thread: the warehouse may be busy for a while.
            return await asyncio.to_thread(self._record, told)
        except ConfigError as error:
            raise RefusedError(Refusal.INVALID, str(error)) from error
        except ChainwatchError as error:
            # Who may send is told no more than that it was not us.
            raise self._intake.broken(error) from error
