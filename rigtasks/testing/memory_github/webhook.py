"""The webhook of a GitHub in memory: carries deliveries to a receiver and keeps the log of them.

Nothing moves by itself; whoever owns the clock says when deliveries are carried out.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from rigtasks.testing.memory_github.hub import MemoryGitHub
from rigtasks.testing.memory_github.model import Delivery

#: What GitHub notes where it could not reach the receiver.
UNREACHED = 502


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery as the receiver gets it; `signature` is the value of `X-Hub-Signature-256`."""

    guid: str
    event: str
    signature: str
    body: bytes


class Disturbance(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong with one first delivery.

    Args:
        dropped: it is neither sent nor noted.
        fails: it is not sent, and noted as failed.
        copies: how often it is sent besides, under the same guid.
        others: how often it is sent besides, under guids of their own.
        seconds: how much later it goes.
        behind: how many later ones go first.
        patience: seconds after which it goes even so.
    """

    dropped: bool = False
    fails: bool = False
    copies: int = 0
    others: int = 0
    seconds: float = 0.0
    behind: int = 0
    patience: float = 0.0


NOTHING = Disturbance()


class HookFaults(Protocol):
    """Decides what goes wrong with webhooks."""

    def of_webhook(self, event: str, action: str | None) -> Disturbance:
        """Return what goes wrong with a delivery; asked once for each."""
        ...


class NoHookFaults:
    """Webhooks that arrive at once, in order."""

    def of_webhook(self, event: str, action: str | None) -> Disturbance:
        """Let it arrive."""
        del event, action
        return NOTHING


class _Waiting(msgspec.Struct, kw_only=True):
    sent: Delivery
    due: datetime
    latest: datetime
    behind: int


class Webhook:
    """The one webhook there is.

    Args:
        hub: whose deliveries are carried out.
        receive: takes one and answers with an HTTP status.
        secret: signs the bodies.
        faults: what goes wrong; nothing by default.
    """

    def __init__(
        self,
        hub: MemoryGitHub,
        receive: Callable[[Posted], int],
        *,
        secret: str,
        faults: HookFaults | None = None,
    ) -> None:
        self._hub = hub
        self._receive = receive
        self._secret = secret.encode()
        self._faults = faults or NoHookFaults()
        self._waiting: list[_Waiting] = []

    @property
    def idle(self) -> bool:
        """Say whether nothing is on its way."""
        return not self._waiting and not self._hub.deliveries

    def carry_out(self) -> None:
        """Carry out everything that may go now."""
        while True:
            new = list(self._hub.deliveries)
            self._hub.deliveries.clear()
            for one in new:
                self._enqueue(one)
            now = self._hub.clock()
            ready = next((one for one in self._waiting if _is_ready(one, now)), None)
            if ready is None:
                return
            place = self._waiting.index(ready)
            for held in self._waiting[:place]:
                held.behind -= 1
            del self._waiting[place]
            self._hub.note_attempt(ready.sent, self._receive(self._posted(ready.sent)))

    def _enqueue(self, sent: Delivery) -> None:
        wrong = NOTHING if sent.redelivery else self._faults.of_webhook(sent.event, sent.action)
        if wrong.dropped:
            return
        copies = [sent] * (1 + wrong.copies)
        copies += [replace(sent, id=self._hub.next_guid()) for _ in range(wrong.others)]
        if wrong.fails:
            for one in copies:
                self._hub.note_attempt(one, UNREACHED)
            return
        now = self._hub.clock()
        self._waiting += [
            _Waiting(
                sent=one,
                due=now + timedelta(seconds=wrong.seconds),
                latest=now + timedelta(seconds=wrong.patience),
                behind=wrong.behind,
            )
            for one in copies
        ]

    def _posted(self, sent: Delivery) -> Posted:
        digest = hmac.new(self._secret, sent.payload, hashlib.sha256).hexdigest()
        return Posted(
            guid=sent.id, event=sent.event, signature=f"sha256={digest}", body=sent.payload
        )


def _is_ready(one: _Waiting, now: datetime) -> bool:
    return now >= one.due and (one.behind <= 0 or now >= one.latest)
