"""A GitHub whose webhooks arrive somewhere: the same tests in memory and over HTTP."""

import queue
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol

from memory_town import MemoryTown
from sandbox_town import SandboxTown
from towns import Town

from rigtasks.local.github.faults.plan import NO_FAULTS
from rigtasks.local.github.seeding import Seeder
from rigtasks.local.github.server import SandboxGitHub
from rigtasks.testing.mailbox import Arrived
from rigtasks.testing.memory_github import Posted, Webhook
from rigtasks.testing.memory_github.planned import PlannedFaults

SECRET = "shared between two"
ACCEPTED = 202
_PATIENCE = 30.0


class Letterbox:
    """A receiver that can refuse what arrives; in the beginning it takes everything."""

    def __init__(self) -> None:
        self.status = ACCEPTED
        self.arrived: queue.Queue[Arrived] = queue.Queue()

    def take(self, one: Arrived) -> int:
        """Keep what arrived, also where it is refused, and answer."""
        self.arrived.put(one)
        return self.status


class Post(Protocol):
    """A town, and what its webhooks bring."""

    town: Town
    box: Letterbox
    #: Seconds that are long where this post goes.
    a_while: float

    def now(self) -> datetime:
        """Return the time of this GitHub."""
        ...

    def arrives(self, count: int) -> list[Arrived]:
        """Wait for so many deliveries, and see that no further one follows."""
        ...


class MemoryPost:
    """A post in memory; see `Post`."""

    a_while = 50.0

    def __init__(self) -> None:
        self.town = MemoryTown()
        self.box = Letterbox()
        hub = self.town.hub
        hub.deliveries.clear()
        faults = PlannedFaults(hub, self.town.faults, now=lambda: hub.clock().timestamp())
        hub.faults = faults
        self._webhook = Webhook(hub, self._receive, secret=SECRET, faults=faults)

    def now(self) -> datetime:
        return self.town.hub.clock()

    def arrives(self, count: int) -> list[Arrived]:
        while True:
            self._webhook.carry_out()
            if self._webhook.idle:
                break
        assert self.box.arrived.qsize() == count
        return [self.box.arrived.get_nowait() for _ in range(count)]

    def _receive(self, one: Posted) -> int:
        return self.box.take(
            Arrived(event=one.event, guid=one.guid, signature=one.signature, body=one.body)
        )


class SandboxPost:
    """A post over HTTP, with a shop of its own and nothing in the log yet; see `Post`."""

    a_while = 1.0

    def __init__(
        self, sandbox: SandboxGitHub, seeder: Seeder, name: str, folder: Path, box: Letterbox
    ) -> None:
        self._sandbox = sandbox
        sandbox.faults.install(NO_FAULTS)
        self.box, box.status = box, ACCEPTED
        self.town = SandboxTown(sandbox, seeder, name, folder)
        self._settle()
        while not box.arrived.empty():  # what the shop began with, and what others left behind
            box.arrived.get_nowait()
        with sandbox.state.change():
            for delivery in list(sandbox.state.deliveries.all()):
                sandbox.state.deliveries.remove(delivery.id)

    def now(self) -> datetime:
        return self._sandbox.state.now()

    def arrives(self, count: int) -> list[Arrived]:
        found = [self.box.arrived.get(timeout=_PATIENCE) for _ in range(count)]
        self._settle()
        assert self.box.arrived.empty()
        return found

    def _settle(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._sandbox.services.webhooks.idle():
            assert time.monotonic() < deadline, "webhooks stay under way"
            time.sleep(0.01)
