"""`rig deliveries` and `rig outbox`: what came in, and what is still to be done."""

from datetime import datetime

import msgspec

from rigtasks.cli.lookup import find_issue
from rigtasks.cli.operated import OperatedRig
from rigtasks.cli.output import Output, note, write_json, write_table
from webhook_receiver.reading.records import list_deliveries

_ENTRIES = """
SELECT id, kind, task, queue, stream, attempts, last_error, available_at, dead_at
  FROM outbox WHERE done_at IS NULL AND (dead_at IS NOT NULL OR NOT %(dead)s)
 ORDER BY dead_at DESC NULLS LAST, available_at, id LIMIT %(most)s
"""


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that is not done; one with `dead_at` failed too often and was given up."""

    id: int
    kind: str
    task: str
    queue: str
    stream: str | None
    attempts: int
    last_error: str | None
    available_at: datetime
    dead_at: datetime | None


def print_deliveries(rig: OperatedRig, text: str | None, *, limit: int, output: Output) -> None:
    """Print webhook deliveries with their outcomes, the latest first; of one issue if named."""
    found = None if text is None else find_issue(rig, text)
    about = None
    if found is not None:
        numbers = (found.number,) if found.pr is None else (found.number, found.pr)
        about = (found.repo_id, numbers)
    with rig.reading.connect() as connection:
        page = list_deliveries(connection, limit=limit, about=about)
    if output is Output.JSON:
        write_json(page)
        return
    write_table(
        ("received", "event", "about", "status", "outcome", "delivery"),
        [
            (
                one.received_at,
                ".".join(part for part in (one.event, one.action) if part),
                f"{one.repo}#{one.number}" if one.number is not None else one.repo,
                one.status,
                one.outcome or one.last_error,
                one.delivery,
            )
            for one in page.items
        ],
        empty="no delivery",
    )
    if page.page.next_cursor is not None:
        note(f"these are the latest {limit}; --limit shows more")


def print_outbox(rig: OperatedRig, *, dead: bool, limit: int, output: Output) -> None:
    """Print the entries that are not done, the given-up ones first; `dead` prints only those."""
    found = rig.stores.database.rows(_ENTRIES, {"dead": dead, "most": limit})
    names = OutboxRow.__struct_fields__
    rows = [OutboxRow(**dict(zip(names, row, strict=True))) for row in found]
    if output is Output.JSON:
        write_json(rows)
        return
    write_table(
        ("id", "task", "stream", "attempts", "due", "given up", "last error"),
        [
            (
                one.id,
                one.task,
                one.stream,
                one.attempts,
                one.available_at,
                one.dead_at,
                one.last_error,
            )
            for one in rows
        ],
        empty="no dead entry" if dead else "nothing is waiting",
    )
