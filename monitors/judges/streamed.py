"""An answer in server-sent events: some endpoints stream whether they are asked to or not."""

from __future__ import annotations

import json
from typing import Any

_DATA = "data:"


def assembled(body: str) -> Any:
    """The chat completion whose chunks are in `body`; ValueError when its end did not come.

    A stream that breaks off may have lost the half of a grade, so what is there of it is not read.
    """
    from openai.lib.streaming.chat import ChatCompletionStreamState
    from openai.types.chat import ChatCompletionChunk

    state = ChatCompletionStreamState()
    for line in body.splitlines():
        said = line.removeprefix(_DATA).strip()
        if line.startswith(_DATA) and said != "[DONE]":
            state.handle_chunk(ChatCompletionChunk.model_validate(json.loads(said)))
    completion = state.current_completion_snapshot
    if not all(choice.finish_reason for choice in completion.choices):
        raise ValueError("the stream broke off")
    return completion
