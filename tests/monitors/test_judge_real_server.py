"""The LLM judge against a real serving stack: `transformers serve` with two tiny models made here.

One has random weights and answers with noise; the other was built to give one well-formed reply. It is the
protocol that is tested: tokens as the server counts them, refused forms, caps, nothing invented.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from judge_support import NOW, judged
from scripted_llm import grades

from monitors.judges.budget import Budget
from monitors.judges.config import JudgeConfig
from monitors.judges.endpoint import Endpoint
from monitors.judges.llm import LlmJudge
from monitors.judges.rubric import load_rubric
from monitors.judges.streamed import assembled

NEEDED = ("transformers", "fastapi", "accelerate")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(MISSING), reason=f"pip install 'transformers[serving]': {', '.join(MISSING)} is not here"
    ),
]
REPLY = grades()
_SERVE = "import sys; sys.argv[0] = 'transformers'; from transformers.cli.transformers import main; main()"
_WAIT_S = 180.0


def make_models(folder: Path) -> None:
    """`noise` and `reply`: byte tokens, and one token whose text is a whole reply.

    Without attention and feed-forward (their weights are zero) the next token follows from the last one
    alone: any token is followed by the reply, and the reply by the end.
    """
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate(["<s>", "</s>", *letters])}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_tokens([AddedToken(REPLY, normalized=False)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
    )
    config = LlamaConfig(
        vocab_size=len(vocabulary) + 1,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=32_768,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    model = LlamaForCausalLM(config)
    for name in ("noise", "reply"):
        if name == "reply":
            end, reply = 1, len(vocabulary)
            with torch.no_grad():
                for weights in model.model.layers.parameters():
                    weights.zero_()
                model.model.embed_tokens.weight.zero_()
                model.model.embed_tokens.weight[:, 0] = 1.0
                model.model.embed_tokens.weight[reply, 0] = -1.0
                model.lm_head.weight.zero_()
                model.lm_head.weight[reply, 0], model.lm_head.weight[end, 0] = 50.0, -50.0
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The server of whatever model a request names, until it is no longer needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _SERVE, "serve", "--host", "127.0.0.1", "--port", str(port)]
    log = folder / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [*command, "--device", "cpu"],
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
    try:
        began = time.monotonic()
        while not _is_up(port):
            if server.poll() is not None or time.monotonic() - began > _WAIT_S:
                pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _is_up(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its models are folders in the server's own."""
    folder = tmp_path_factory.mktemp("models")
    make_models(folder)
    with serving(folder) as url:
        yield url


class Judging:
    """Some spans before the judge: its grades, what it cost, and what was left out."""

    def __init__(self, url: str, model: str, spans: int, **settings: Any) -> None:
        given = {"model": model, "base_url": url, "max_output_tokens": 60, "timeout_s": 120, "concurrency": 2}
        config = JudgeConfig.model_validate(given | settings)
        self.budget = Budget.of(config)
        endpoint = Endpoint(config, self.budget, environ={})
        judge = LlmJudge(config, load_rubric("answer_quality"), endpoint, clock=lambda: NOW)
        try:
            self.grades = judge.grade([judged(span_id=str(place)) for place in range(spans)])
        finally:
            endpoint.close()
        self.skipped = judge.skipped

    @property
    def billed(self) -> tuple[int, int]:
        """Tokens that stand on the grades."""
        return (
            sum(g.input_tokens or 0 for g in self.grades),
            sum(g.output_tokens or 0 for g in self.grades),
        )


def test_a_well_formed_reply_is_graded_and_billed_as_the_server_counts(served: str) -> None:
    found = Judging(served, "./reply", 3)
    expected = {name: float(said["score"]) for name, said in json.loads(REPLY).items()}
    scores = {(g.span_id, g.criterion): g.score for g in found.grades if g.criterion != "overall"}
    assert scores == {(str(n), name): score for n in range(3) for name, score in expected.items()}
    assert found.budget.calls == 3
    assert found.billed == (found.budget.input_tokens, found.budget.output_tokens)
    # One token says it all, and one ends it; the prompt is hundreds of bytes, a token each.
    assert 3 <= found.billed[1] <= 6
    assert found.billed[0] > 1000


def test_noise_is_no_grade_and_costs_what_it_cost(served: str) -> None:
    found = Judging(served, "./noise", 2)
    assert {g.status for g in found.grades} == {"unscored"}
    assert all(g.reason and g.score is None for g in found.grades)
    assert found.budget.calls >= 2
    assert found.billed[1] == found.budget.output_tokens
    assert 0 < found.billed[1] <= 60 * found.budget.calls


def test_a_cap_holds_against_it(served: str) -> None:
    found = Judging(served, "./reply", 5, max_calls=2, concurrency=1)
    assert found.budget.calls == 2
    assert {g.span_id for g in found.grades if g.status == "graded"} == {"0", "1"}
    assert sum(found.skipped.values()) == 3


def test_a_model_that_is_not_there_is_no_grade(served: str) -> None:
    found = Judging(served, "./gone", 1, retries=0)
    assert {g.status for g in found.grades} == {"unscored"}
    assert all(g.reason and g.score is None for g in found.grades)


def test_its_stream_is_put_together(served: str) -> None:
    body = {"model": "./reply", "messages": [{"role": "user", "content": "Grade it."}], "stream": True}
    request = urllib.request.Request(
        f"{served}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert "text/event-stream" in answer.headers["Content-Type"]
        found = assembled(answer.read().decode())
    assert found.choices[0].message.content == REPLY
    assert found.choices[0].finish_reason == "stop"
