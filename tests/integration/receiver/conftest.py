"""One receiver per module, on a migrated database of its own."""

from collections.abc import Iterator

import pytest
from bad_rows import count
from served import Receiver, issue_payload, serve

from rigtasks.eventstore.migrate import upgrade
from rigtasks.testing.services import TemporaryPostgres


@pytest.fixture(scope="module")
def receiver(postgres: TemporaryPostgres) -> Iterator[Receiver]:
    url = postgres.create_database(postgres.template("migrated", upgrade))
    with serve(url) as running:
        yield running
    postgres.drop_database(url)


@pytest.fixture
def nothing_stored(receiver: Receiver) -> Iterator[None]:
    """Check that a test leaves both tables as they were and the receiver as able as before."""
    before = count(receiver)
    yield
    assert count(receiver) == before
    assert receiver.get("/healthz").status_code == 200
    assert receiver.deliver(issue_payload(1)).status_code == 202
