"""What an LLM judge may spend in one run and in one day: calls, tokens and dollars, never exceeded.

Before a request its worst case is reserved: every byte of the prompt a token, and the most that the
reply may have. After it, what the endpoint billed replaces the reservation. A request that does not
fit waits for those in flight, and is refused if it does not fit then either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from monitors.judges.config import JudgeConfig
from monitors.judges.journal import Taken


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens of one request as the endpoint counted them."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """The worst case of one request."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What was taken before: by earlier runs of the same day, or by earlier parts of the same run."""

    calls: int = 0
    tokens: int = 0
    cost_usd: float = 0.0

    def and_also(self, calls: int, tokens: int, cost_usd: float | None) -> Spent:
        """With more; a cost that is not known has no cap either."""
        return Spent(
            calls=self.calls + calls, tokens=self.tokens + tokens, cost_usd=self.cost_usd + (cost_usd or 0.0)
        )


NOTHING_SPENT = Spent()


@dataclass
class Budget:
    """Caps of a run, what is left of the day's, and what is spent; safe to share between threads.

    note: is told of every request before it is sent, at its worst, and of the difference once it is billed.
    """

    max_calls: int
    max_tokens: int
    max_cost_usd: float | None
    input_usd_per_million_tokens: float | None
    output_usd_per_million_tokens: float | None
    left_calls: int | None = None
    left_tokens: int | None = None
    left_cost_usd: float | None = None
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    note: Callable[[Taken], None] | None = field(default=None, repr=False)
    _held: list[Reservation] = field(default_factory=list, repr=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _together: tuple[Budget, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls, settings: JudgeConfig, spent: Spent = NOTHING_SPENT, earlier: Spent = NOTHING_SPENT
    ) -> Budget:
        """What is left of the caps of [judge]: after what the day `spent`, and `earlier` parts of the run."""
        day_calls, day_tokens = settings.max_calls_per_day, settings.max_tokens_per_day
        day_cost = settings.max_cost_usd_per_day
        return cls(
            max_calls=settings.max_calls - earlier.calls,
            max_tokens=settings.max_tokens - earlier.tokens,
            max_cost_usd=None if settings.max_cost_usd is None else settings.max_cost_usd - earlier.cost_usd,
            input_usd_per_million_tokens=settings.input_usd_per_million_tokens,
            output_usd_per_million_tokens=settings.output_usd_per_million_tokens,
            left_calls=None if day_calls is None else day_calls - spent.calls,
            left_tokens=None if day_tokens is None else day_tokens - spent.tokens,
            left_cost_usd=None if day_cost is None else day_cost - spent.cost_usd,
        )

    @staticmethod
    def together(budgets: Sequence[Budget]) -> None:
        """Make budgets of several judges, each with its own prices, keep the same caps in sum."""
        changed = threading.Condition()
        for budget in budgets:
            budget._changed, budget._together = changed, tuple(budgets)

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """Dollars of so many tokens; None while a price is unknown."""
        if self.input_usd_per_million_tokens is None or self.output_usd_per_million_tokens is None:
            return None
        return (
            input_tokens * self.input_usd_per_million_tokens
            + output_tokens * self.output_usd_per_million_tokens
        ) / 1e6

    @property
    def cost_usd(self) -> float | None:
        """Dollars spent; None while a price is unknown."""
        return self.cost(self.input_tokens, self.output_tokens)

    def reserve(self, wanted: Reservation) -> str | None:
        """Take one call and its worst case out of the budget; the cap that forbids it, or None."""
        with self._changed:
            while True:
                cap = self._forbidden_by(wanted)
                if cap is None:
                    self.calls += 1
                    self._held.append(wanted)
                    self._note(1, wanted.input_tokens, wanted.output_tokens)
                    return None
                if cap.startswith("max_calls") or not any(b._held for b in self._all):
                    return cap
                self._changed.wait()

    def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """Replace a reservation by what was billed; None keeps the worst case, for the bill is unknown."""
        billed = usage or Usage(
            input_tokens=reservation.input_tokens, output_tokens=reservation.output_tokens
        )
        with self._changed:
            self._held.remove(reservation)
            self.input_tokens += billed.input_tokens
            self.output_tokens += billed.output_tokens
            self._note(
                0,
                billed.input_tokens - reservation.input_tokens,
                billed.output_tokens - reservation.output_tokens,
            )
            self._changed.notify_all()

    def _note(self, calls: int, input_tokens: int, output_tokens: int) -> None:
        if self.note is not None:
            cost = self.cost(input_tokens, output_tokens)
            self.note(
                Taken(calls=calls, input_tokens=input_tokens, output_tokens=output_tokens, cost_usd=cost)
            )

    @property
    def _all(self) -> tuple[Budget, ...]:
        """Every budget under the same caps."""
        return self._together or (self,)

    def _at_worst(self, wanted: Reservation | None) -> tuple[int, int]:
        """Input and output tokens when everything held, and `wanted`, comes to its worst."""
        held = [*self._held, *([wanted] if wanted is not None else [])]
        return (
            self.input_tokens + sum(r.input_tokens for r in held),
            self.output_tokens + sum(r.output_tokens for r in held),
        )

    def _forbidden_by(self, wanted: Reservation) -> str | None:
        worst = [(b, *b._at_worst(wanted if b is self else None)) for b in self._all]
        costs = [b.cost(inputs, outputs) for b, inputs, outputs in worst]
        calls, tokens = sum(b.calls for b in self._all) + 1, sum(i + o for _, i, o in worst)
        cost = sum(c for c in costs if c is not None) if None not in costs else None
        takes: tuple[tuple[str, float | None, float | None, float | None], ...] = (
            ("max_calls", calls, self.max_calls, self.left_calls),
            ("max_tokens", tokens, self.max_tokens, self.left_tokens),
            ("max_cost_usd", cost, self.max_cost_usd, self.left_cost_usd),
        )
        for name, taken, run_cap, day_left in takes:
            if taken is not None and run_cap is not None and taken > run_cap:
                return name
            if taken is not None and day_left is not None and taken > day_left:
                return f"{name}_per_day"
        return None
