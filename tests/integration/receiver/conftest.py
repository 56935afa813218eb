"""One receiver per module, on a migrated database of its own."""

from collections.abc import Iterator

import pytest
from served import Receiver, serve

from rigtasks.eventstore.migrate import upgrade
from rigtasks.testing.services import TemporaryPostgres


@pytest.fixture(scope="module")
def receiver(postgres: TemporaryPostgres) -> Iterator[Receiver]:
    url = postgres.create_database(postgres.template("migrated", upgrade))
    with serve(url) as running:
        yield running
    postgres.drop_database(url)
