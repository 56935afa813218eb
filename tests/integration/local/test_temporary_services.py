"""The embedded servers, as they are started by the stack and by the tests."""

from contextlib import closing

import psycopg2
import pytest
import redis

from rigtasks.testing import fresh_databases
from rigtasks.testing.fresh_databases import FreshDatabases
from rigtasks.testing.services import TemporaryPostgres


def libpq(url: str) -> str:
    return url.replace("+psycopg2", "")


def test_each_test_gets_a_database_of_its_own(database_url: str, empty_database_url: str) -> None:
    assert database_url != empty_database_url
    with closing(psycopg2.connect(libpq(empty_database_url))) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE left_behind ()")
        connection.commit()
    with closing(psycopg2.connect(libpq(database_url))) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT to_regclass('left_behind')")
        assert cursor.fetchone() == (None,)


def test_a_template_is_prepared_once(postgres: TemporaryPostgres) -> None:
    calls: list[str] = []

    def prepare(url: str) -> None:
        calls.append(url)
        with closing(psycopg2.connect(libpq(url))) as connection:
            connection.cursor().execute("CREATE TABLE prepared ()")
            connection.commit()

    urls = [postgres.create_database(postgres.template("once", prepare)) for _ in range(2)]

    assert len(calls) == 1
    for url in urls:
        with closing(psycopg2.connect(libpq(url))) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT count(*) FROM prepared")
            assert cursor.fetchone() == (0,)
        postgres.drop_database(url)


SCHEMA = """
CREATE TABLE kinds (name text PRIMARY KEY);
INSERT INTO kinds VALUES ('first'), ('second');
CREATE TABLE things (id serial PRIMARY KEY, kind text REFERENCES kinds, big text DEFAULT 'none');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
CREATE TRIGGER kept BEFORE DELETE ON things FOR EACH ROW EXECUTE FUNCTION refuse();
"""
REPLACED = """
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'
"""
FILLED = """
INSERT INTO things (kind) VALUES ('first'), ('first');
UPDATE kinds SET name = 'third' WHERE name = 'second'
"""


@pytest.fixture
def lender(postgres: TemporaryPostgres) -> FreshDatabases:
    template = postgres.template("things", lambda url: execute(url, SCHEMA))
    return FreshDatabases(postgres=postgres, template=template)


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(libpq(url))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def oid(url: str) -> object:
    """Return what stays with a database whatever it is called."""
    [(number,)] = execute(
        url, "SELECT oid::bigint FROM pg_database WHERE datname = current_database()"
    )
    return number


def test_a_lent_database_comes_back_as_if_it_were_new(lender: FreshDatabases) -> None:
    with lender.lent() as first:
        execute(first, FILLED)
        left_open, was = psycopg2.connect(libpq(first)), oid(first)
    with lender.lent() as second:
        assert (second != first, oid(second)) == (True, was)
        assert execute(second, "SELECT * FROM things") == []
        assert execute(second, "SELECT name FROM kinds ORDER BY name") == [("first",), ("second",)]
        insert = "INSERT INTO things (kind) VALUES ('second') RETURNING id"
        assert execute(second, insert) == [(1,)]
        with pytest.raises(psycopg2.Error, match="terminat"):
            left_open.cursor().execute("SELECT 1")
        with pytest.raises(psycopg2.OperationalError, match="does not exist"):
            psycopg2.connect(libpq(first))


@pytest.mark.parametrize(
    "change",
    [
        "CREATE INDEX of_kinds ON things (kind)",
        "ALTER TABLE things ALTER COLUMN big DROP DEFAULT",
        "ALTER TABLE things DISABLE TRIGGER kept",
        REPLACED,
        "CREATE TYPE mood AS ENUM ('good')",
    ],
)
def test_a_database_whose_schema_was_changed_is_lent_no_more(
    lender: FreshDatabases, change: str
) -> None:
    with lender.lent() as first:
        was = oid(first)
        execute(first, change)
    with lender.lent() as second:
        assert oid(second) != was


def test_a_database_that_was_filled_too_far_is_lent_no_more(
    lender: FreshDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lender.lent() as first:
        was = oid(first)
        monkeypatch.setattr(fresh_databases, "SLOW_BYTES", 1024 * 1024)
    with lender.lent() as second:
        assert oid(second) != was


def test_redis_is_empty_and_wants_its_password(redis_url: str) -> None:
    with closing(redis.Redis.from_url(redis_url)) as client:
        assert client.dbsize() == 0
        port = client.connection_pool.connection_kwargs["port"]
    with (
        closing(redis.Redis(port=port, retry=None)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
