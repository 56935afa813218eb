"""Where benches run: durable servers of their own, gone afterwards."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from rigtasks.eventstore.migrate import upgrade
from rigtasks.testing.services import TemporaryPostgres

ROOT = Path(__file__).parent.parent
_TEMPLATE = "rig_bench"
_OURS = ("DATABASE_URL", "REDIS_URL", "RIG_APPS_FILE", "RIG_GITHUB_TOKEN", "RIG_WEBHOOK_SECRET")


@dataclass(kw_only=True)
class Place:
    """What a bench may use.

    Args:
        short: seconds instead of minutes: the figures are rough and prove only that all works.
    """

    short: bool
    _closing: ExitStack = field(default_factory=ExitStack)
    _postgres: TemporaryPostgres | None = None

    def database(self) -> str:
        """Return the URL of a migrated, empty database whose commits are flushed to disk."""
        if self._postgres is None:
            self._postgres = self._closing.enter_context(TemporaryPostgres(durable=True))
        return self._postgres.create_database(self._postgres.template(_TEMPLATE, upgrade))

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Lend an empty folder that the servers' own account may enter."""
        with TemporaryDirectory(prefix="rig-bench-") as made:
            folder = Path(made)
            folder.chmod(0o711)
            yield folder

    def close(self) -> None:
        """Stop the servers and delete what they stored; a later bench may start new ones."""
        self._postgres = None
        self._closing.close()


@contextmanager
def bench_place(*, short: bool) -> Iterator[Place]:
    """Lend a place; servers that the environment names are never measured, nor written to."""
    given = {name: os.environ.pop(name) for name in _OURS if name in os.environ}
    place = Place(short=short)
    try:
        yield place
    finally:
        place.close()
        os.environ.update(given)
