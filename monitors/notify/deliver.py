"""Delivery from the outbox: claim, send, record; the network is never touched with a connection open.

At least once, and in normal operation exactly once. A message is claimed (state `sending`, committed) before
the call, so two deliverers never take the same one. When a deliverer dies between the call and the record,
nobody can know whether Slack took the message, and Slack knows no idempotency key: after the claim ran out it
is sent again. A page twice is better than none. A call without an answer is repeated for the same reason.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random, SystemRandom

from collectors.errors import WarehouseBusyError
from collectors.warehouse.connection import Warehouse
from monitors.alerting.config import NotifyConfig
from monitors.notify.base import Delivery, Notifier, Outcome
from monitors.notify.claims import Claim, claim_next, is_idle, record, sweep

_RECORD_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class DeliveryReport:
    """What one pass did, in attempts; `is_waiting` when messages are left to the next pass."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    is_waiting: bool = False


def deliver_pending(
    warehouse: Warehouse,
    notifiers: Sequence[Notifier],
    clock: Callable[[], datetime],
    *,
    notify: NotifyConfig | None = None,
    sleep: Callable[[float], None] = time.sleep,
    random: Random | None = None,
) -> DeliveryReport:
    """Send what is due, and wait up to `notify.patience` for what fails to become due again.

    Args:
        warehouse: holds the outbox; opened for moments only.
        notifiers: the open channels; messages of other channels stay where they are.
        clock: the wall clock, aware and in UTC; also decides which silences hold.
        sleep, random: for waiting and jitter.
    """
    notify = notify or NotifyConfig()
    random = random or SystemRandom()
    by_name = {n.name: n for n in notifiers}
    # A pass with nothing to do must not queue for the writers' lock.
    if not by_name or is_idle(warehouse, clock()):
        return DeliveryReport()
    sender = _Sender(warehouse=warehouse, clock=clock, notify=notify, random=random)
    done: Counter[str] = Counter()
    patience_ends = clock() + notify.patience
    sweep(warehouse, clock(), notify)
    while True:
        claim, next_at = claim_next(warehouse, clock(), sorted(by_name), notify)
        if claim is not None:
            done[sender.attempt(by_name[claim.channel], claim)] += 1
        elif next_at is None or next_at > patience_ends:
            return DeliveryReport(
                sent=done["sent"], retried=done["retry"], dead=done["dead"], is_waiting=next_at is not None
            )
        else:
            sleep(max(0.05, (next_at - clock()).total_seconds()))


def backoff(attempt: int, notify: NotifyConfig, random: Random) -> timedelta:
    """Wait after the `attempt`-th failure: it doubles each time up to the longest, half of it by chance.

    >>> class Most(Random):
    ...     def random(self) -> float: return 1.0
    >>> [backoff(n, NotifyConfig(), Most()).total_seconds() for n in (1, 2, 3, 20)]
    [5.0, 10.0, 20.0, 3600.0]
    """
    # The exponent is bounded: a message with many attempts must not overflow.
    full = min(notify.first_retry * 2.0 ** min(attempt - 1, 30), notify.longest_retry)
    return full * (0.5 + 0.5 * random.random())


@dataclass(frozen=True, kw_only=True)
class _Sender:
    warehouse: Warehouse
    clock: Callable[[], datetime]
    notify: NotifyConfig
    random: Random

    def attempt(self, notifier: Notifier, claim: Claim) -> Outcome:
        """Send one claimed message and record what became of it."""
        began = self.clock()
        delivery = notifier.send(claim.notice, key=claim.idempotency_key)
        ended = self.clock()
        if delivery.outcome == "retry" and claim.attempt >= self.notify.max_attempts:
            error = f"given up after {claim.attempt} attempts: {delivery.error}"
            delivery = Delivery(outcome="dead", http_status=delivery.http_status, error=error)
        wait = backoff(claim.attempt, self.notify, self.random)
        asked = timedelta(seconds=delivery.retry_after_s or 0.0)
        # One bad message must not hold the others for its own long wait; what the receiver asks for does.
        others = asked or min(wait, self.notify.first_retry)
        for left in reversed(range(_RECORD_TRIES)):
            try:
                record(
                    self.warehouse,
                    claim,
                    delivery,
                    began=began,
                    ended=ended,
                    retry_at=ended + max(wait, asked),
                    others_at=ended + others,
                )
                break
            except WarehouseBusyError:
                # Unrecorded, a message that was taken would be sent again.
                if not left:
                    raise
        return delivery.outcome
