import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade as run_steps
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from rigtasks.errors import Permanent
from rigtasks.eventstore import tables
from rigtasks.eventstore.connection import DatabaseUnavailable, libpq_url
from rigtasks.eventstore.database import stores_on
from rigtasks.eventstore.engine import open_database
from rigtasks.eventstore.migrate import (
    VERSION_TABLE,
    SchemaTooNew,
    current_revision,
    newest_revision,
    upgrade,
)
from rigtasks.routing.internal import InternalRepositories, RepositoryRef


def engine_of(url: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - SQLAlchemy's Engine
    return create_engine(libpq_url(url).replace("postgresql:", "postgresql+psycopg2:"))


def test_the_schema_is_what_the_tables_say(database_url: str) -> None:
    engine = engine_of(database_url)
    options = {"compare_type": True, "compare_server_default": True, "version_table": VERSION_TABLE}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, tables.metadata)
        revision = current_revision(connection)
    engine.dispose()

    assert differences == []
    assert revision == newest_revision()


@pytest.mark.parametrize("table", [*tables.metadata.tables, *tables.views.tables])
def test_columns_have_the_order_and_names_of_the_tables(database_url: str, table: str) -> None:
    database = open_database(database_url, application_name="tests")
    rows = database.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND table_schema = 'public' ORDER BY ordinal_position",
        (table,),
    )
    database.close()
    expected = tables.metadata.tables.get(table, tables.views.tables.get(table))

    assert expected is not None
    assert [row[0] for row in rows] == [column.name for column in expected.columns]


def test_many_may_migrate_at_once(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(upgrade, [empty_database_url] * 4)) == [None] * 4

    database = open_database(empty_database_url, application_name="tests")
    assert database.rows(f"SELECT count(*) FROM {VERSION_TABLE}") == [(1,)]  # noqa: S608 - ours
    assert database.rows("SELECT count(*) FROM schema_functions") == [(1,)]
    database.close()


def test_names_that_were_seen_before_are_known_after_the_step_that_keeps_them(
    empty_database_url: str,
) -> None:
    # given a rig at the step before, which heard of two repositories
    folder = files("rigtasks.eventstore").joinpath("migrations")
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    engine = engine_of(empty_database_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        run_steps(config, "0003")
    engine.dispose()
    database = open_database(empty_database_url, application_name="tests")
    database.rows("DROP TRIGGER IF EXISTS deliveries_task ON deliveries")
    database.rows(
        "INSERT INTO deliveries (delivery_id, event, repo_id, repo, headers, status) VALUES"
        " ('1', 'push', 7, 'Acme/Rig', '{}', 'done'),"
        " ('2', 'push', 7, 'acme/machine', '{}', 'done'),"
        " ('3', 'push', 8, 'no name', '{}', 'done'), ('4', 'ping', NULL, NULL, '{}', 'done')"
    )

    upgrade(empty_database_url)

    listed = InternalRepositories(names=frozenset({"acme/rig"}))
    known = stores_on(database).repositories.internal(listed)
    assert known.match(RepositoryRef(id=7, full_name="acme/machine")) is not None
    assert [one.id for one in known.learned] == [7]
    database.close()


def test_migrating_again_changes_nothing(database_url: str) -> None:
    database = open_database(database_url, application_name="tests")
    applied = database.rows("SELECT digest, applied_at FROM schema_functions")

    upgrade(database_url)

    assert database.rows("SELECT digest, applied_at FROM schema_functions") == applied
    database.close()


def test_a_step_gives_way_to_those_who_use_its_table(empty_database_url: str) -> None:
    """Whoever comes after it, as the receiver does with its deliveries, is not held up for long."""
    engine = engine_of(empty_database_url)
    with engine.begin() as connection:
        steps = Config(attributes={"connection": connection})
        steps.set_main_option("script_location", str(files("rigtasks.eventstore") / "migrations"))
        steps.set_main_option("path_separator", "os")
        run_steps(steps, "0002")
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as reader:
            reader.execute(text("SELECT count(*) FROM leases"))
            migrating = pool.submit(upgrade, empty_database_url)
            waited = [seconds_to_read_leases(engine) for _ in range(30)]
            assert not migrating.done(), "it did not wait for the reader"
        migrating.result(60)
    with engine.connect() as connection:
        assert current_revision(connection) == newest_revision()
    engine.dispose()

    assert 0.3 < max(waited) < 5.0, "the reader held nobody up, or everybody"


def seconds_to_read_leases(engine: Engine) -> float:
    began = time.monotonic()
    with engine.begin() as connection:
        connection.execute(text("SELECT count(*) FROM leases"))
    time.sleep(0.1)
    return time.monotonic() - began


def test_functions_of_another_version_are_replaced(database_url: str) -> None:
    database = open_database(database_url, application_name="tests")
    database.rows("UPDATE schema_functions SET digest = 'of an older version'")
    database.rows("DROP FUNCTION rig_put_records")

    upgrade(database_url)

    assert database.rows("SELECT count(*) FROM pg_proc WHERE proname = 'rig_put_records'") == [(1,)]
    database.close()


def test_a_newer_schema_is_refused_with_what_to_do(database_url: str) -> None:
    engine = engine_of(database_url)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))  # noqa: S608
    engine.dispose()

    with pytest.raises(SchemaTooNew, match="start the newer version"):
        upgrade(database_url)


def test_a_database_that_is_down_is_said_to_be_down() -> None:
    with pytest.raises(DatabaseUnavailable, match="could not be brought up to date"):
        upgrade("postgresql://rig@127.0.0.1:1/none")


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(Permanent, match=r"postgresql\+psycopg2"):
        upgrade("sqlite:///rig.db")
