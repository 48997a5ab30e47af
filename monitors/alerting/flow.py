"""How a change travels through a chain: which alert can explain which.

A chain is a tree of calls in the order of their start. What is said travels from the application's input
through each component, in order, to the application's output: that is a total order. Latency, errors and
cost travel upwards instead, from a call to its caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitors.alerting.alert import Alert
from monitors.topology import ComponentInfo

_TEXT = ("input", "output", "quality")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a component stands: entered and left, as the text flows; `depth` of its call, the top is 0."""

    enter: int
    leave: int
    depth: int
    is_application: bool
    ancestors: frozenset[str]


class Flow:
    """The order of one chain's components; components that the topology does not know stand at its end."""

    def __init__(self, chain: str, topology: Iterable[ComponentInfo]) -> None:
        known = {c.component: c for c in topology if c.chain == chain}
        children: dict[str | None, list[ComponentInfo]] = {}
        for info in known.values():
            parent = info.parent_component
            inside = (
                parent if parent in known and parent != info.component and not info.is_application else None
            )
            children.setdefault(inside, []).append(info)
        self._places: dict[str, Place] = {}
        self._clock = 0
        self._visit(None, children, ())
        # Components that call each other in a circle were not reached from any top.
        for info in sorted(known.values(), key=_order):
            if info.component not in self._places:
                self._add(info.component, is_application=info.is_application)

    def _visit(
        self, parent: str | None, children: dict[str | None, list[ComponentInfo]], above: tuple[str, ...]
    ) -> None:
        for info in sorted(children.get(parent, ()), key=_order):
            enter = self._tick()
            self._visit(info.component, children, (*above, info.component))
            self._places[info.component] = Place(
                enter=enter,
                leave=self._tick(),
                depth=len(above),
                is_application=info.is_application,
                ancestors=frozenset(above),
            )

    def _tick(self) -> int:
        self._clock += 1
        return self._clock

    def _add(self, component: str, *, is_application: bool = False) -> None:
        self._places[component] = Place(
            enter=self._tick(),
            leave=self._tick(),
            depth=0,
            is_application=is_application,
            ancestors=frozenset(),
        )

    def place(self, component: str) -> Place:
        """Where `component` stands."""
        if component not in self._places:
            self._add(component)
        return self._places[component]

    def components(self) -> list[str]:
        """Every component in the order in which the chain enters it; the application first."""
        return sorted(self._places, key=lambda name: self._places[name].enter)

    def rank(self, alert: Alert) -> tuple[int, int]:
        """Place of an alert in the order in which a change of what is said becomes visible."""
        place = self.place(alert.component)
        if alert.concern == "input":
            return place.enter, 0
        return place.leave, 1 if alert.concern == "quality" else 0

    def calls(self, caller: str, called: str) -> bool:
        """Whether `caller` waits for `called`, directly or through others."""
        return caller in self.place(called).ancestors

    def explains(self, cause: Alert, effect: Alert) -> bool:
        """Whether a change seen by `cause` brings about what `effect` sees; times are not looked at."""
        concerns = (cause.concern, effect.concern)
        if "monitoring" in concerns or "no_data" in concerns:
            return "monitoring" not in concerns and self._explains_silence(cause, effect)
        if effect.concern in _TEXT:
            return self._explains_text(cause, effect)
        below = cause.component == effect.component or self.calls(effect.component, cause.component)
        longer = is_length(cause) and self._reaches(cause, effect)
        if effect.concern == "latency":
            return longer or (below and cause.concern in ("latency", "errors"))
        if effect.concern == "errors":
            earlier = self.place(cause.component).leave < self.place(effect.component).enter
            failed = cause.concern == "errors" and (below or earlier)
            return longer or failed or (below and cause.concern == "latency")
        if cause.concern in _TEXT:
            return self._reaches(cause, effect)
        return below and cause.concern in ("cost", "errors")

    def _explains_silence(self, cause: Alert, effect: Alert) -> bool:
        """Who is silent leaves others without work, and its callers with less to say, sooner and cheaper."""
        here, there = self.place(cause.component), self.place(effect.component)
        within = cause.component == effect.component or self.calls(effect.component, cause.component)
        if effect.concern == "no_data":
            asks = self.calls(cause.component, effect.component)
            earlier = here.leave < there.enter
            return cause.concern in ("no_data", "errors") and (within or asks or earlier)
        return within or (effect.concern in _TEXT and here.leave <= self.rank(effect)[0])

    def _explains_text(self, cause: Alert, effect: Alert) -> bool:
        if cause.concern in _TEXT:
            return self.rank(cause) <= self.rank(effect)
        # A call that fails says nothing, or something else, from there on.
        return cause.concern == "errors" and (self.place(cause.component).leave, 0) <= self.rank(effect)

    def _reaches(self, cause: Alert, effect: Alert) -> bool:
        """Whether the text that `cause` is about is there when the component of `effect` is done."""
        return self.rank(cause) <= (self.place(effect.component).leave, 1)


def is_length(alert: Alert) -> bool:
    """Whether the alert is about how long texts are: length takes time and money, topics do not."""
    return alert.field.endswith("_tokens")


def _order(info: ComponentInfo) -> tuple[bool, int, str]:
    return not info.is_application, info.position, info.component
