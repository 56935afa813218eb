"""Clients of the town whose clock the tests turn, and effects that are repeated as the rig does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sandbox_town import Town

from rigtasks.errors import Retryable
from rigtasks.github.api import Api
from rigtasks.github.client import UNHURRIED
from rigtasks.github.governor import Governor
from rigtasks.github.identities import PERMISSIONS, AppCredentials, Role
from rigtasks.github.tokens import AppTokens
from rigtasks.github.transport import Transport
from rigtasks.local.github.faults.plan import FaultPlan
from rigtasks.local.github.strict_data import read_data

T = TypeVar("T")
MOST_TRIES = 12


@dataclass
class Waiting:
    """A clock that goes on only when somebody waits."""

    seconds: float = 1_000_000_000.0
    waited: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.seconds += seconds


def patient_api(town: Town, role: Role, clock: Waiting, *, timeout: float = 30.0) -> Api:
    """Return an identity whose limits are kept by the clock, so that waiting takes no time."""
    app: dict[str, Any] = town.seeder.apps()[role.value]
    credentials = AppCredentials(
        app_id=str(app["app_id"]), private_key=Path(app["private_key_path"]).read_text()
    )
    governor = Governor(UNHURRIED, now=clock.now, sleep=clock.sleep)
    transport = Transport(town.sandbox.url, governor, timeout=timeout)
    return Api(
        transport,
        AppTokens(transport, credentials, key=role.value),
        town.shop,
        graphql_url=f"{town.sandbox.url}/graphql",
        permissions=PERMISSIONS[role],
        sleep=clock.sleep,
    )


def until_done(clock: Waiting, effect: Callable[[], T]) -> T:
    """Repeat an effect as the outbox does: after what may be tried again, and nothing else."""
    for _ in range(MOST_TRIES):
        try:
            return effect()
        except Retryable as error:
            clock.sleep(error.retry_after or 1.0)
    raise AssertionError(f"not done after {MOST_TRIES} tries")


def plan(*faults: dict[str, Any], seed: int = 0) -> FaultPlan:
    return read_data({"seed": seed, "faults": list(faults)}, FaultPlan)
