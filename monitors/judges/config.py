"""[judge] of chainwatch.toml. The key is never here: it comes from CHAINWATCH_JUDGE_API_KEY."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from collectors.config import Section

KEY_VARIABLE = "CHAINWATCH_JUDGE_API_KEY"


ENSEMBLE = "ensemble"


def _is_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("has to begin with http:// or https://, and ends with /v1 at most endpoints")
    return value


Address = Annotated[str, AfterValidator(_is_address)]


class MemberConfig(Section):
    """One more judge of an ensemble: what it is called and where it is; the rest is as in [judge]."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    base_url: Address | None = None
    model: str = Field(min_length=1)
    input_usd_per_million_tokens: float | None = Field(None, ge=0)
    output_usd_per_million_tokens: float | None = Field(None, ge=0)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One judge with all of its settings, and the environment variables that may hold its key, in order."""

    settings: JudgeConfig
    key_variables: tuple[str, ...]


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
        ensemble: more judges that grade the same answers; the median of all is filed under `ensemble`.
    """

    enabled: bool = False
    name: str = Field("llm", min_length=1)
    base_url: Address | None = None
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
    ensemble: tuple[MemberConfig, ...] = ()

    @model_validator(mode="after")
    def _a_cost_cap_needs_prices(self) -> Self:
        judges: tuple[JudgeConfig | MemberConfig, ...] = (self, *self.ensemble)
        for judge in judges:
            prices = (judge.input_usd_per_million_tokens, judge.output_usd_per_million_tokens)
            for name in ("max_cost_usd", "max_cost_usd_per_day"):
                if getattr(self, name) is not None and None in prices:
                    of = "" if judge is self else f" of {judge.name} in ensemble"
                    raise ValueError(
                        f"{name} needs input_usd_per_million_tokens and output_usd_per_million_tokens{of}"
                    )
        return self

    @model_validator(mode="after")
    def _names_are_different(self) -> Self:
        names = [self.name, *(m.name for m in self.ensemble)]
        if self.ensemble and (len(set(names)) < len(names) or ENSEMBLE in names):
            raise ValueError(
                f"the judges of an ensemble need different names, and none may be {ENSEMBLE!r}: {names}"
            )
        return self

    @model_validator(mode="after")
    def _enabled_needs_a_model(self) -> Self:
        if self.enabled and not self.model:
            raise ValueError("enabled = true needs a model (and a base_url unless it is OpenAI's)")
        return self

    def members(self) -> tuple[Member, ...]:
        """Every judge that grades: this one, and those of the ensemble.

        The key of one endpoint is never sent to another: a judge elsewhere has a variable of its own, the
        name in capitals behind CHAINWATCH_JUDGE_API_KEY_.
        """
        own = Member(settings=self.model_copy(update={"ensemble": ()}), key_variables=(KEY_VARIABLE,))
        others = [
            Member(
                settings=own.settings.model_copy(update=dict(member)),
                key_variables=(
                    f"{KEY_VARIABLE}_{member.name.upper().replace('-', '_')}",
                    *((KEY_VARIABLE,) if member.base_url == self.base_url else ()),
                ),
            )
            for member in self.ensemble
        ]
        return (own, *others)
