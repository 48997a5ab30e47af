"""One OpenAI-compatible endpoint: requests with retries, inside a budget.

The openai client sends; retrying is done here, so that each attempt is counted and paid from the
budget. The key is passed on and never put in a message: the endpoint's own error texts may quote it.
"""

from __future__ import annotations

import email.utils
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from collectors.errors import ConfigError
from monitors.judges.budget import Budget, Reservation, Usage
from monitors.judges.config import KEY_VARIABLE, JudgeConfig
from monitors.judges.streamed import assembled

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

OPENAI_URL = "https://api.openai.com/v1"
_REJECTED = frozenset({400, 404, 405, 415, 422, 501})
_FATAL = frozenset({401, 402, 403})
# Not about how structure is asked for: whichever form is tried, there is nothing at this address.
_NOT_THERE = frozenset({404, 405, 501})
_LONGEST_WAIT_S = 120.0
_FIRST_WAIT_S = 0.5
# Beside the text: roles, separators and the tokens that open the reply.
_TEMPLATE_TOKENS = 64


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: text or the arguments of a tool call, with what it cost."""

    text: str | None
    refused: bool
    cut_off: bool
    usage: Usage | None


class EndpointError(Exception):
    """No answer after all tries. `fatal`: none of the next requests would do better."""

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.fatal = fatal


class RejectedError(Exception):
    """The endpoint does not take this form of request; another form may do.

    `not_there`: if none does, the address or the model is wrong.
    """

    def __init__(self, reason: str, *, not_there: bool = False) -> None:
        super().__init__(reason)
        self.not_there = not_there


class OutOfBudgetError(Exception):
    """The next request could exceed a cap; the message names it."""


class Endpoint:
    """Sends chat completions. Safe to share between threads."""

    def __init__(
        self,
        settings: JudgeConfig,
        budget: Budget,
        *,
        environ: Mapping[str, str],
        key_variables: Sequence[str] = (KEY_VARIABLE,),
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self.budget = budget
        self._sleep = sleep
        self._wall = wall
        self._key_variable = key_variables[0]
        found = (environ.get(name, "").strip() for name in key_variables)
        self._key = next((key for key in found if key), "")
        if not settings.model:
            raise ConfigError(
                "no judge is configured: set [judge] model (and base_url for an endpoint of your own) in "
                f"chainwatch.toml, and {self._key_variable} in the environment if it needs a key"
            )
        if not self._key and settings.base_url is None:
            raise ConfigError(
                f"the judge at {OPENAI_URL} needs a key: set {self._key_variable} in the environment"
            )
        self._made: OpenAI | None = None
        self._lock = threading.Lock()

    def ask(self, messages: Sequence[Mapping[str, Any]], extra: Mapping[str, Any]) -> Answer:
        """One chat completion; `extra` holds response_format or tools.

        RejectedError for a form that the endpoint does not take, OutOfBudgetError before a request that does
        not fit, EndpointError when every try failed.
        """
        worst = Reservation(
            input_tokens=sum(len(str(m["content"]).encode()) for m in messages)
            + len(json.dumps(extra).encode())
            + _TEMPLATE_TOKENS,
            output_tokens=self._settings.max_output_tokens,
        )
        reason = "no try was made"
        for attempt in range(self._settings.retries + 1):
            cap = self.budget.reserve(worst)
            if cap is not None:
                raise OutOfBudgetError(cap)
            answer, reason, wait_s = self._once(messages, extra, worst)
            if answer is not None:
                return answer
            wait_s = _FIRST_WAIT_S * 2**attempt if wait_s is None else wait_s
            if wait_s > _LONGEST_WAIT_S:
                raise EndpointError(f"{reason}, and asks to wait {wait_s:.0f} s")
            if attempt < self._settings.retries:
                self._sleep(wait_s)
        raise EndpointError(f"{reason}, {self._settings.retries + 1} tries")

    def _once(
        self, messages: Sequence[Mapping[str, Any]], extra: Mapping[str, Any], worst: Reservation
    ) -> tuple[Answer | None, str, float | None]:
        """One request: the answer, or why there is none and how long the endpoint wants us to wait."""
        import openai

        billed: Usage | None = Usage(input_tokens=0, output_tokens=0)
        try:
            raw = self._client().chat.completions.with_raw_response.create(**self._request(messages, extra))
            # It has answered. Until it says what that cost, the worst case is spent.
            billed = None
            streams = "text/event-stream" in raw.headers.get("content-type", "")
            answer = _answer(assembled(raw.text) if streams else raw.parse())
            billed = answer.usage
        except openai.APITimeoutError:
            # It may have been billed, and nobody says how much.
            billed = None
            return None, "timeout", None
        except (openai.APIResponseValidationError, ValueError, TypeError, AttributeError, LookupError):
            return None, "answer is no chat completion", None
        except openai.APIConnectionError as error:
            # By name: which HTTP library the openai client stands on is its own business.
            if type(error.__cause__).__name__ == "ConnectError":
                return None, f"no connection to {self._address}", None
            billed = None
            return None, "connection lost", None
        except openai.APIStatusError as error:
            return None, self._status(error), self._retry_after(error.response.headers)
        finally:
            self.budget.settle(worst, billed)
        return answer, "", None

    def _status(self, error: APIStatusError) -> str:
        """Why there is no answer; raises where asking the same again is of no use."""
        status = error.status_code
        if status in _REJECTED:
            raise RejectedError(f"HTTP {status}", not_there=status in _NOT_THERE) from error
        key = (
            f"check {self._key_variable} and the account" if self._key else f"{self._key_variable} is not set"
        )
        if status in _FATAL:
            raise EndpointError(f"HTTP {status}: {key}", fatal=True) from error
        if error.code == "insufficient_quota":
            raise EndpointError(f"HTTP {status}: the account has no quota left", fatal=True) from error
        return f"HTTP {status}"

    def refuses(self, error: RejectedError) -> EndpointError:
        """What to say when it takes no form of request at all."""
        named = f"check base_url and model = {self._settings.model!r} in [judge]"
        return EndpointError(f"{error}: {named}", fatal=error.not_there)

    def _request(self, messages: Sequence[Mapping[str, Any]], extra: Mapping[str, Any]) -> dict[str, Any]:
        # OpenAI renamed it; most endpoints that are compatible with OpenAI know the old name only.
        limit = "max_completion_tokens" if self._settings.base_url is None else "max_tokens"
        return {
            "model": self._settings.model,
            "messages": list(messages),
            "temperature": self._settings.temperature,
            "seed": self._settings.seed,
            limit: self._settings.max_output_tokens,
            **extra,
        }

    def _client(self) -> OpenAI:
        with self._lock:
            if self._made is None:
                from openai import OpenAI

                self._made = OpenAI(
                    base_url=self._settings.base_url or OPENAI_URL,
                    # The client insists on one; endpoints without keys ignore it.
                    api_key=self._key or "none",
                    timeout=self._settings.timeout_s,
                    max_retries=0,
                )
            return self._made

    @property
    def _address(self) -> str:
        """Host and port, without what else may stand in a URL: a name and a password."""
        parts = urlsplit(self._settings.base_url or OPENAI_URL)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def close(self) -> None:
        """Close the connections."""
        if self._made is not None:
            self._made.close()

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Seconds that the endpoint asks for, as a number or as a date; None when it asks for nothing."""
        value = headers.get("retry-after", "").strip()
        if not value:
            return None
        try:
            return max(0.0, float(value))
        except ValueError:
            pass
        try:
            return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - self._wall())
        except ValueError:
            return None


def _answer(completion: Any) -> Answer:
    """The parts of a completion that matter; ValueError when it is none."""
    choices = getattr(completion, "choices", None)
    if not choices or getattr(choices[0], "message", None) is None:
        raise ValueError("no choices")
    message, finish = choices[0].message, choices[0].finish_reason
    calls = message.tool_calls or []
    text = calls[0].function.arguments if calls and calls[0].type == "function" else message.content
    return Answer(
        text=text if isinstance(text, str) else None,
        refused=bool(message.refusal) or finish == "content_filter",
        cut_off=finish == "length",
        usage=_usage(completion.usage),
    )


def _usage(counted: Any) -> Usage | None:
    """What the endpoint says it counted; None when it does not say, or says nonsense."""
    numbers = [getattr(counted, name, None) for name in ("prompt_tokens", "completion_tokens")]
    if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers):
        return None
    return Usage(input_tokens=numbers[0] or 0, output_tokens=numbers[1] or 0)
