"""The embedded servers, as they are started by the stack and by the tests."""

from contextlib import closing

import psycopg2
import pytest
import redis

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


def test_redis_is_empty_and_wants_its_password(redis_url: str) -> None:
    with closing(redis.Redis.from_url(redis_url)) as client:
        assert client.dbsize() == 0
        port = client.connection_pool.connection_kwargs["port"]
    with (
        closing(redis.Redis(port=port, retry=None)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
