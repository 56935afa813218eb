"""Real servers for tests: one per session, with cheap databases, gone afterwards.

Every temporary server lives in a folder that names the process it belongs to, so a session that
was killed is cleaned up by the next one.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from psycopg2 import sql

from rigtasks.local.accounts import server_account
from rigtasks.local.ports import any_free_port
from rigtasks.local.postgres import DURABLE, VOLATILE, PostgresServer
from rigtasks.local.records import ProcessRecord, read_record, write_record
from rigtasks.local.valkey import ValkeyServer

FOLDER_PREFIX = "rig-test-services-"
OWNER_FILE = "owner.json"


def _temporary_folder() -> Path:
    """Make a folder below the temp folder that the servers' account may enter."""
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    if server_account() is not None:
        folder.chmod(0o711)
    write_record(folder / OWNER_FILE, ProcessRecord.of(os.getpid(), "tests"))
    return folder


def remove_abandoned_services() -> list[Path]:
    """Stop the servers of test sessions that were killed, and delete their folders.

    Returns:
        The folders that were removed; those of living sessions are left alone.
    """
    removed = []
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        owner = read_record(folder / OWNER_FILE)
        if owner is None or owner.process() is not None:
            continue
        PostgresServer(data_dir=folder).remove()
        ValkeyServer(data_dir=folder).remove()
        shutil.rmtree(folder, ignore_errors=True)
        removed.append(folder)
    return removed


def database_name(url: str) -> str:
    """Return the name of the database behind a URL of a temporary server."""
    return url.rsplit("/", 1)[1]


@dataclass(kw_only=True)
class TemporaryPostgres:
    """A PostgreSQL server that lives as long as a `with` block.

    Args:
        durable: flush commits to disk; only benchmarks want that.
    """

    durable: bool = False
    server: PostgresServer = field(init=False)
    _folder: Path = field(init=False)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1), init=False)
    _templates: set[str] = field(default_factory=set, init=False)

    def __enter__(self) -> Self:
        self._folder = _temporary_folder()
        self.server = PostgresServer(
            data_dir=self._folder,
            preferred_port=any_free_port(),
            options=DURABLE if self.durable else VOLATILE,
        )
        self.server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.remove()
        shutil.rmtree(self._folder, ignore_errors=True)

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Prepare a database once, to be copied for every test.

        Args:
            name: the template's name.
            prepare: called with the database URL on the first call only; it must close every
                connection it opens.

        Returns:
            The name, for `create_database`.
        """
        if name not in self._templates:
            self._create(name, None)
            prepare(self.server.url(name))
            self._templates.add(name)
        return name

    def create_database(self, template: str | None = None) -> str:
        """Create a fresh database, empty or as a copy of a template, and return its URL."""
        name = f"test_{next(self._numbers)}"
        self._create(name, template)
        return self.server.url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made, cutting the sessions still in it."""
        self._execute("DROP DATABASE {} WITH (FORCE)", database_name(url))

    def rename_database(self, url: str) -> str:
        """Give a database without sessions the next name, and return its URL."""
        name = f"test_{next(self._numbers)}"
        self._execute("ALTER DATABASE {} RENAME TO {}", database_name(url), name)
        return self.server.url(name)

    def _create(self, name: str, template: str | None) -> None:
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template or "template0")

    def _execute(self, statement: str, *names: str) -> None:
        composed = sql.SQL(statement).format(*map(sql.Identifier, names))
        with closing(self.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(composed)


@dataclass(kw_only=True)
class TemporaryValkey:
    """A Valkey server that lives as long as a `with` block."""

    server: ValkeyServer = field(init=False)
    _folder: Path = field(init=False)

    def __enter__(self) -> Self:
        self._folder = _temporary_folder()
        self.server = ValkeyServer(
            data_dir=self._folder, preferred_port=any_free_port(), durable=False
        )
        self.server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.remove()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return self.server.url()

    def wipe(self) -> None:
        """Forget every key of every database."""
        with closing(redis.Redis.from_url(self.url)) as client:
            client.flushall()
