"""Every bench by name, in the order they run: first what needs a quiet machine most."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench import (
    append,
    claims,
    demo,
    imports,
    intake,
    rebuild,
    servers,
    webhook_to_claim,
    whole_stack,
)
from bench.place import Place
from bench.result import Report, Result


class _OnDatabase(Protocol):
    """A bench that needs no more than an empty database."""

    def __call__(self, database_url: str, *, short: bool) -> list[Result]:
        """Measure on a migrated, empty database whose commits are flushed to disk."""
        ...


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One bench under the name that `--only` knows."""

    name: str
    run: Callable[[Place], Report]


def _on_database(measure: _OnDatabase) -> Callable[[Place], Report]:
    return lambda place: Report(results=measure(place.database(), short=place.short))


BENCHES: tuple[Bench, ...] = (
    Bench(name="intake", run=_on_database(intake.run)),
    Bench(name="webhook_to_claim", run=webhook_to_claim.run),
    Bench(name="append", run=_on_database(append.run)),
    Bench(name="claims", run=_on_database(claims.run)),
    Bench(name="rebuild", run=_on_database(rebuild.run)),
    Bench(name="whole_stack", run=whole_stack.run),
    Bench(name="servers", run=servers.run),
    Bench(name="demo", run=demo.run),
    Bench(name="imports", run=imports.run),
)
