"""A run that is ended from outside still costs what its agent was called for."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from rigtasks.eventstore.claims import Claimed, Limits
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import Database, open_database
from rigtasks.lifecycle.commands import Admit, Cancel, Command, StartCli
from rigtasks.lifecycle.envelope import Actor, ActorKind
from rigtasks.lifecycle.timers import Timers
from rigtasks.shell import IssueShell, Told
from rigtasks.testing.life import approval

STREAM = "issue:1:7:1"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url, application_name="tests", pool_size=4)
    yield database
    database.close()


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


def tell(stores: Stores, kind: ActorKind, command: Command, cause: UUID | None = None) -> Told:
    shell = IssueShell(stores, Timers())
    return shell.tell(STREAM, command, actor=Actor(kind=kind, id="x"), cause=cause or uuid4())


def claim(stores: Stores) -> Claimed:
    tell(stores, ActorKind.CONDUCTOR, Admit(approved=approval()))
    claimed = stores.claims.claim(
        queue="dev-e-python",
        agent="dev-e-python",
        holder="w",
        run_id=uuid4(),
        lease_seconds=60,
        limits=Limits(total=None, per_repository=None, per_queue=None),
    )
    assert isinstance(claimed, Claimed)
    return claimed


def start(stores: Stores, run: Claimed, *, price: int | None) -> None:
    command = StartCli(
        run_id=run.run_id,
        epoch=run.epoch,
        provider="command",
        model="m",
        isolation="none",
        call_micro_usd=price,
    )
    tell(stores, ActorKind.WORKER, command)


WITHDRAWN = Cancel(reason="label removed", by="maria")


@pytest.mark.parametrize("actor", [ActorKind.CONDUCTOR, ActorKind.OPERATOR])
@pytest.mark.parametrize(("price", "cost", "unknown"), [(900_000, 900_000, 0), (None, 0, 1)])
def test_a_withdrawn_run_is_counted(
    stores: Stores,
    database: Database,
    actor: ActorKind,
    price: int | None,
    cost: int,
    unknown: int,
) -> None:
    run = claim(stores)
    start(stores, run, price=price)

    told = tell(stores, actor, WITHDRAWN)

    assert [event.type for event in told.events] == ["ISSUE_CANCELLED", "TOKEN_USAGE"]
    assert told.state is not None
    assert told.state.run is None
    assert (told.state.cost_micro_usd, told.state.cost_unknown_runs) == (cost, unknown)
    assert database.rows(
        "SELECT cost_micro_usd, cost_unknown FROM runs WHERE run_id = %s", (run.run_id,)
    ) == [(cost, bool(unknown))]


def test_a_run_that_called_no_agent_owes_nothing(stores: Stores) -> None:
    claim(stores)

    told = tell(stores, ActorKind.CONDUCTOR, WITHDRAWN)

    assert [event.type for event in told.events] == ["ISSUE_CANCELLED"]


def test_a_repeated_withdrawal_counts_nothing_twice(stores: Stores) -> None:
    run = claim(stores)
    start(stores, run, price=5)
    cause = uuid4()

    tell(stores, ActorKind.CONDUCTOR, WITHDRAWN, cause)

    assert tell(stores, ActorKind.CONDUCTOR, WITHDRAWN, cause).events == ()
