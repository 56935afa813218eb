"""What the tests of the verbs of operators share: lives of issues, and what a verb answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from rigtasks.budget.usage import CostBasis, Usage
from rigtasks.eventstore.claims import Claimed, Limits, NotClaimed
from rigtasks.eventstore.database import Stores
from rigtasks.lifecycle.commands import Admit, AdoptPullRequest, Command, Failed, FinishRun
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.failure import FailureClass
from rigtasks.lifecycle.timers import Timers
from rigtasks.routing.admission import Providers
from rigtasks.shell import IssueShell
from rigtasks.testing.life import approval

CONDUCTOR = Actor(kind=ActorKind.CONDUCTOR, id="conductor")
ISSUE = "issue:1:7:1"
REF = "acme/api#7"
HEAD = "9f31c2a" + "0" * 33


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command line printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Typed = Callable[..., Answer]


def tell(stores: Stores, command: Command, stream: str = ISSUE, actor: Actor = CONDUCTOR) -> None:
    told = IssueShell(stores, Timers()).tell(stream, command, actor=actor, cause=uuid4())
    assert told.events


def approve(stores: Stores, number: int = 7, **changes: object) -> None:
    repo_id, generation = changes.get("repo_id", 1), changes.get("generation", 1)
    stream = f"issue:{repo_id}:{number}:{generation}"
    tell(stores, Admit(approved=approval(number, **changes)), stream)


def review(stores: Stores) -> None:
    """Store an issue whose pull request stands at HEAD."""
    approve(stores)
    tell(
        stores,
        AdoptPullRequest(
            pr=3,
            url="https://github.test/acme/api/pull/3",
            branch="feature/issue-7-totals",
            head_sha=HEAD,
            base_branch="main",
            author_id=501,
        ),
    )


def claim(stores: Stores) -> Claimed | NotClaimed:
    return stores.claims.claim(
        queue="dev-e-python",
        agent="dev-e-python",
        holder="dev-e-python@host",
        run_id=uuid4(),
        lease_seconds=60.0,
        providers=Providers(own="command"),
        limits=Limits(),
    )


def types(stores: Stores, stream: str = ISSUE) -> list[str]:
    return [one.event.type for one in stores.events.events(stream)]


def deliver(stores: Stores, delivery_id: str, repo_id: int, number: int, outcome: str) -> None:
    stores.database.rows(
        "INSERT INTO deliveries (delivery_id, event, action, repo_id, repo, number, headers,"
        " status, outcome) VALUES (%s, 'issues', 'labeled', %s, 'acme/api', %s, '{}', 'done', %s)",
        (delivery_id, repo_id, number, outcome),
    )


def spend(stores: Stores, micro_usd: int) -> None:
    """Let a run cost this much and fail."""
    claimed = claim(stores)
    assert isinstance(claimed, Claimed)
    tell(
        stores,
        FinishRun(
            run_id=claimed.run_id,
            epoch=claimed.epoch,
            ending="failed",
            seconds=1.0,
            usage=Usage(model="m", cost_micro_usd=micro_usd, cost_basis=CostBasis.REPORTED),
            steps=(),
            result=Failed(failure=FailureClass.WORK, reason="the tests are red"),
        ),
        actor=Actor(kind=ActorKind.WORKER, id="dev-e-python@host"),
    )
