"""[judge] of chainwatch.toml. The key is never here: it comes from CHAINWATCH_JUDGE_API_KEY."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from collectors.config import Section

KEY_VARIABLE = "CHAINWATCH_JUDGE_API_KEY"


class JudgeConfig(Section):
    """The LLM judge and its limits; the local scorer needs no configuration.

    Attributes:
        enabled: let `chainwatch run` grade a sample of each run's new answers with the LLM judge.
        base_url: an OpenAI-compatible endpoint, for example http://localhost:8000/v1.
        model: the model's name there; no judge is configured while it is empty.
        rubric: a shipped rubric's name, or the path of a TOML file.
        components: whose answers are judged; empty means the application's.
        sample: how many spans `chainwatch run` judges in one run, at most; a seeded sample.
        max_calls: HTTP requests in one run, retries and repairs included.
        max_tokens: input and output tokens in one run.
        max_cost_usd: dollars in one run; needs both prices.
        max_calls_per_day, max_tokens_per_day, max_cost_usd_per_day: the same for all runs of one UTC day.
        timeout_s: how long one request may take.
    """

    enabled: bool = False
    name: str = Field("llm", min_length=1)
    base_url: str | None = None
    model: str = ""
    rubric: str = "answer_quality"
    components: tuple[str, ...] = ()
    temperature: float = Field(0.1, ge=0, le=2)
    seed: int = 7
    sample: int = Field(50, ge=1)
    max_calls: int = Field(500, ge=1)
    max_tokens: int = Field(2_000_000, ge=1)
    max_cost_usd: float | None = Field(None, gt=0)
    max_calls_per_day: int | None = Field(None, ge=1)
    max_tokens_per_day: int | None = Field(None, ge=1)
    max_cost_usd_per_day: float | None = Field(None, gt=0)
    input_usd_per_million_tokens: float | None = Field(None, ge=0)
    output_usd_per_million_tokens: float | None = Field(None, ge=0)
    max_output_tokens: int = Field(800, ge=50)
    concurrency: int = Field(4, ge=1, le=64)
    timeout_s: float = Field(30.0, gt=0)
    retries: int = Field(4, ge=0, le=10)

    @model_validator(mode="after")
    def _a_cost_cap_needs_prices(self) -> Self:
        prices = (self.input_usd_per_million_tokens, self.output_usd_per_million_tokens)
        for name in ("max_cost_usd", "max_cost_usd_per_day"):
            if getattr(self, name) is not None and None in prices:
                raise ValueError(
                    f"{name} needs input_usd_per_million_tokens and output_usd_per_million_tokens"
                )
        return self

    @model_validator(mode="after")
    def _enabled_needs_a_model(self) -> Self:
        if self.enabled and not self.model:
            raise ValueError("enabled = true needs a model (and a base_url unless it is OpenAI's)")
        return self
