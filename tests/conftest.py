"""Fixtures every tier shares: real servers, fresh databases, and the rules of the house."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from shared_rigs import SHARED_RIGS
from xdist.scheduler import LoadScopeScheduling

from rigtasks.testing.conformance import TALLY
from rigtasks.testing.fresh_databases import FreshDatabases
from rigtasks.testing.services import (
    TemporaryPostgres,
    TemporaryValkey,
    remove_abandoned_services,
)

TESTS = Path(__file__).parent
UNIT_TIER = TESTS / "unit"
#: Whole rigs start in two processes at most: those of the acceptance tests share one, and after
#: each other come those that start their own and those that are broken on purpose.
ACCEPTANCE, FAULTS = "tests/acceptance/", "tests/faults/"
OWN_RIGS = frozenset(
    {
        "tests/acceptance/test_celery_nodes.py",
        "tests/acceptance/test_demo.py",
        "tests/acceptance/test_demo_with_real_tools.py",
        "tests/acceptance/test_without_webhooks.py",
    }
)
MIGRATIONS = "rigtasks.eventstore.migrate"
FORBIDDEN_IN_UNIT_TESTS = frozenset(
    {"socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"}
)
NOTHING_FAILED = frozenset({pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED})
NO_SKIPS = os.environ.get("RIG_NO_SKIPS") == "1"


class _UnitTier:
    """Refuses sockets and processes while a unit test is set up and runs.

    Not while it is torn down: with the last test go the servers of the whole session.
    """

    def __init__(self) -> None:
        self.running: str | None = None

    def audit(self, event: str, _arguments: tuple[object, ...]) -> None:
        if self.running is not None and event in FORBIDDEN_IN_UNIT_TESTS:
            raise AssertionError(f"{self.running} is a unit test and must not use {event}")

    @contextmanager
    def watching(self, item: pytest.Item) -> Iterator[None]:
        self.running = item.nodeid if UNIT_TIER in item.path.parents else None
        try:
            yield
        finally:
            self.running = None


_unit_tier = _UnitTier()
sys.addaudithook(_unit_tier.audit)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    SHARED_RIGS.leave_to(item.path)
    with _unit_tier.watching(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with _unit_tier.watching(item):
        return (yield)


class _Skips:
    """Counts what did not run, so that RIG_NO_SKIPS=1 can turn it into a failure."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped or hasattr(report, "wasxfail"):
            self.names.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.names.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.names and session.exitstatus in NOTHING_FAILED:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for name in self.names:
            terminalreporter.write_line(f"not run, and nothing may be skipped: {name}", red=True)


class _Together(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types for it
    """Spreads the files of tests over several processes, and keeps a file's tests together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        if file in OWN_RIGS or file.startswith(FAULTS):
            return FAULTS
        return ACCEPTANCE if file.startswith(ACCEPTANCE) else file


class _Spread:
    """Gives out the tests, and brings the counts of all processes together."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> _Together:
        return _Together(config, log)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["counts"] = TALLY.packed()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        TALLY.add_packed(getattr(node, "workeroutput", {}).get("counts", b"[]"))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Spread())
    if NO_SKIPS:
        config.pluginmanager.register(_Skips())


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workeroutput"):
        TALLY.write()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in TALLY.summary():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def postgres() -> Iterator[TemporaryPostgres]:
    """One PostgreSQL server for the whole session."""
    remove_abandoned_services()
    with TemporaryPostgres() as server:
        yield server


@pytest.fixture(scope="session")
def fresh_databases(postgres: TemporaryPostgres) -> FreshDatabases:
    """Lends the session's migrated databases."""
    return FreshDatabases(postgres=postgres, template=postgres.template("migrated", _migrate))


@pytest.fixture
def database_url(fresh_databases: FreshDatabases) -> Iterator[str]:
    """A fresh migrated database of its own for one test."""
    with fresh_databases.lent() as url:
        yield url


def _migrate(url: str) -> None:
    if importlib.util.find_spec(MIGRATIONS) is not None:
        importlib.import_module(MIGRATIONS).upgrade(url)


@pytest.fixture
def empty_database_url(postgres: TemporaryPostgres) -> Iterator[str]:
    """A fresh database without any table."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def valkey() -> Iterator[TemporaryValkey]:
    """One Valkey server for the whole session."""
    remove_abandoned_services()
    with TemporaryValkey() as server:
        yield server


@pytest.fixture
def redis_url(valkey: TemporaryValkey) -> Iterator[str]:
    """An empty Redis for one test."""
    valkey.wipe()
    yield valkey.url
    valkey.wipe()
