"""`rig db rebuild-projections`: what the events say, and what the tables had wrong."""

from rigtasks.cli.output import write_json, write_line
from rigtasks.eventstore.rebuild import Rebuilt, rebuild_projections


def print_rebuild(database_url: str, *, as_json: bool) -> None:
    """Rebuild every projection and print what that changed.

    Raises:
        UnknownEvent: an event cannot be read by this version; nothing was changed.
    """
    rebuilt = rebuild_projections(database_url)
    if as_json:
        write_json(rebuilt)
    else:
        write_line(in_words(rebuilt))


def in_words(rebuilt: Rebuilt) -> str:
    """Say in one line what a rebuild did."""
    wrong = {table: rows for table, rows in rebuilt.corrected.items() if rows}
    tables = ", ".join(f"{table} {rows:,}" for table, rows in wrong.items())
    result = f"{_count(sum(wrong.values()), 'row')} corrected ({tables})" if wrong else "all right"
    return (
        f"{_count(rebuilt.events, 'event')} of {_count(rebuilt.issues, 'issue')} "
        f"in {rebuilt.seconds:.1f} s: {result}"
    )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
