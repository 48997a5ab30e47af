"""Asks an endpoint for JSON of one shape: by schema, else by a tool call, else in text with one repair.

What none of that makes readable is a reason and no answer: nothing is ever guessed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from monitors.judges.budget import Usage
from monitors.judges.endpoint import Answer, Endpoint, RejectedError
from monitors.judges.reply import UnreadableReplyError

T = TypeVar("T")
_FORMS = ("json_schema", "tool", "text")


@dataclass
class Bill:
    """The tokens of one question's requests; None as soon as one of them was not counted."""

    usage: Usage | None = field(default_factory=lambda: Usage(input_tokens=0, output_tokens=0))

    def add(self, more: Usage | None) -> None:
        if self.usage is None or more is None:
            self.usage = None
            return
        self.usage = Usage(
            input_tokens=self.usage.input_tokens + more.input_tokens,
            output_tokens=self.usage.output_tokens + more.output_tokens,
        )


@dataclass(frozen=True, kw_only=True)
class Shape(Generic[T]):
    """What is asked for.

    Attributes:
        name: of the schema and the tool. schema: the reply as JSON Schema, strict.
        read: the answer in a reply; raises UnreadableReplyError.
        repair: what is said, once, to whom the reply could not be read from, given what was wrong.
    """

    name: str
    schema: Mapping[str, Any]
    read: Callable[[str | None], T]
    repair: Callable[[str], str]


class Asker(Generic[T]):
    """Safe to share between threads. It remembers which form of request the endpoint takes."""

    def __init__(self, endpoint: Endpoint, shape: Shape[T], *, max_output_tokens: int) -> None:
        self._endpoint = endpoint
        self._shape = shape
        self._max_output_tokens = max_output_tokens
        self._lock = threading.Lock()
        self._form = 0
        self._taken = False

    def ask(self, messages: Sequence[Mapping[str, Any]], bill: Bill) -> T | Unanswered:
        """The answer, or why there is none.

        Raises what `Endpoint.ask` raises; for refused forms only when every form was refused from the start.
        """
        said: list[Mapping[str, Any]] = [*messages]
        problem, rejected = "no reply", True
        refused: RejectedError | None = None
        for form in range(self._form, len(_FORMS)):
            try:
                answer = self._endpoint.ask(said, self._extra(_FORMS[form]))
            except RejectedError as error:
                refused = error
                problem = f"request refused: {error}"
                continue
            if rejected:
                self._settle_on(form)
            rejected = False
            found = self._read(answer, bill)
            if not isinstance(found, UnreadableReplyError):
                return found
            problem = f"unreadable reply: {found}"
            if _FORMS[form] == "text":
                said += [
                    {"role": "assistant", "content": answer.text or ""},
                    {"role": "user", "content": self._shape.repair(str(found))},
                ]
                try:
                    again = self._read(self._endpoint.ask(said, {}), bill)
                except RejectedError as error:
                    return Unanswered(f"request refused: {error}")
                if isinstance(again, UnreadableReplyError):
                    return Unanswered(f"unreadable reply: {again}")
                return again
        if refused is not None and not self._taken:
            # Nothing was ever taken, so it is not this question: the next ones would fare no better.
            raise self._endpoint.refuses(refused)
        return Unanswered(problem)

    def _read(self, answer: Answer, bill: Bill) -> T | Unanswered | UnreadableReplyError:
        """The answer, the reason why there will be none, or what is wrong with the form."""
        bill.add(answer.usage)
        if answer.refused:
            return Unanswered("refused by the judge")
        try:
            return self._shape.read(answer.text)
        except UnreadableReplyError as error:
            return Unanswered(f"cut off after {self._max_output_tokens} tokens") if answer.cut_off else error

    def _extra(self, form: str) -> dict[str, Any]:
        """What asks for structure in each form."""
        shape = self._shape
        if form == "json_schema":
            return {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": f"{shape.name}s", "strict": True, "schema": shape.schema},
                }
            }
        if form == "tool":
            return {
                "tools": [{"type": "function", "function": {"name": shape.name, "parameters": shape.schema}}],
                "tool_choice": {"type": "function", "function": {"name": shape.name}},
            }
        return {}

    def _settle_on(self, form: int) -> None:
        """Forms before this one were refused and this one was taken: start with it from now on."""
        with self._lock:
            self._form = max(self._form, form)
            self._taken = True


@dataclass(frozen=True)
class Unanswered:
    """Why there is no answer."""

    reason: str
