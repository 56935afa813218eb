import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from uuid import UUID, uuid4

import pytest
from random_lives import CONDUCTOR

from rigtasks.eventstore.claims import Claimed, Limits
from rigtasks.eventstore.connection import DatabaseUnavailable
from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import Database, open_database
from rigtasks.eventstore.migrate import upgrade
from rigtasks.eventstore.store import Writes
from rigtasks.lifecycle.envelope import NewEvent
from rigtasks.testing.life import approval
from rigtasks.testing.services import TemporaryPostgres

WRITERS = 4
ENOUGH = 150
WAITING = 2000


@pytest.fixture
def server() -> Iterator[TemporaryPostgres]:
    """A server whose background writer leaves flushing the log to those who commit."""
    with TemporaryPostgres(durable=True) as server:
        with closing(server.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
            cursor.execute("ALTER SYSTEM SET wal_writer_flush_after = '1GB'")
            cursor.execute("SELECT pg_reload_conf()")
        yield server


def test_appends_that_were_answered_survive_a_crash(server: TemporaryPostgres) -> None:
    url = server.create_database()
    upgrade(url)
    numbers = count(1)

    def append(stores: Stores) -> UUID:
        event = approval(next(numbers))
        new = NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())
        stream = f"issue:1:{event.number}:1"
        stores.events.append(stores.events.load(stream), Writes(events=(new,)))
        return new.event_id

    answered = write_until_the_crash(server, url, append)

    after = reopened(server, url)
    stored = {row[0] for row in after.rows("SELECT event_id FROM events")}
    issues = after.rows("SELECT count(*) FROM issues")[0][0]
    after.close()
    assert len(answered) >= ENOUGH
    assert set(answered) <= stored
    assert issues == len(stored)  # nothing is stored by half


def test_claims_that_were_answered_survive_a_crash(server: TemporaryPostgres) -> None:
    url = server.create_database()
    upgrade(url)
    database = open_database(url, application_name="approvals", pool_size=1)
    stores = stores_on(database)
    for number in range(1, WAITING + 1):
        event = approval(number)
        new = NewEvent(event_id=uuid4(), event=event, actor=CONDUCTOR, correlation_id=uuid4())
        loaded = stores.events.load(f"issue:1:{number}:1")
        stores.events.append(loaded, Writes(events=(new,)))
    database.close()

    def claim(stores: Stores) -> UUID:
        claimed = stores.claims.claim(
            queue="dev-e-python",
            agent="dev-e",
            holder="dev-e-1",
            run_id=uuid4(),
            lease_seconds=60.0,
            limits=Limits(),
        )
        assert isinstance(claimed, Claimed)
        return claimed.run_id

    answered = write_until_the_crash(server, url, claim)

    after = reopened(server, url)
    begun = {row[0] for row in after.rows("SELECT run_id FROM runs")}
    leased = {row[0] for row in after.rows("SELECT run_id FROM leases")}
    after.close()
    assert len(answered) >= ENOUGH
    assert set(answered) <= begun
    assert leased == begun


def write_until_the_crash(
    server: TemporaryPostgres, url: str, write: Callable[[Stores], UUID]
) -> list[UUID]:
    """Write from several threads, crash the server in the middle, and return what was answered."""
    database = open_database(url, application_name="writers", pool_size=WRITERS)
    stores = stores_on(database)
    answered: list[UUID] = []
    enough = threading.Event()

    def writer() -> None:
        try:
            while True:
                answered.append(write(stores))
                if len(answered) >= ENOUGH:
                    enough.set()
        except DatabaseUnavailable:
            return

    threads = [threading.Thread(target=writer, daemon=True) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    process = server.server.process()
    assert process is not None
    process.send_signal(signal.SIGQUIT)  # no checkpoint, no flush
    for thread in threads:
        thread.join(30)
    process.wait(30)
    database.close()
    return answered


def reopened(server: TemporaryPostgres, url: str) -> Database:
    """Start the server again and open the database of `url` on it."""
    server.server.start()
    name = url.rsplit("/", 1)[1]
    return open_database(server.server.url(name), application_name="survivors")
