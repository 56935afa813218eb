"""A fresh database with its stores."""

from collections.abc import Iterator

import pytest

from rigtasks.eventstore.database import Stores, stores_on
from rigtasks.eventstore.engine import Database, open_database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url, application_name="tests", pool_size=4)
    yield database
    database.close()


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)
