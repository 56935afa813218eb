from collections.abc import Iterator

import pytest
from store_house import House

from rigtasks.eventstore.claims import Claims
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.eventstore.outbox import Outbox
from rigtasks.eventstore.store import PostgresEventStore
from rigtasks.eventstore.switches import Switches
from rigtasks.testing.memory_claims import MemoryClaims
from rigtasks.testing.memory_outbox import MemoryOutbox
from rigtasks.testing.memory_store import MemoryDatabase, MemoryEventStore
from rigtasks.testing.memory_stores import stores_in
from rigtasks.testing.memory_tables import MemorySwitches


@pytest.fixture(params=["postgres", "memory"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    if request.param == "memory":
        memory = MemoryDatabase()
        yield House(
            events=MemoryEventStore(memory),
            claims=MemoryClaims(memory),
            outbox=MemoryOutbox(memory),
            switches=MemorySwitches(memory),
        )
        return
    url = request.getfixturevalue("database_url")
    database = open_database(url, application_name="conformance")
    yield House(
        events=PostgresEventStore(database),
        claims=Claims(database),
        outbox=Outbox(database),
        switches=Switches(database),
    )
    database.close()


@pytest.fixture(params=["postgres", "memory"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        yield stores_in(MemoryDatabase())
        return
    url = request.getfixturevalue("database_url")
    database = open_database(url, application_name="conformance")
    yield stores_on(database)
    database.close()
