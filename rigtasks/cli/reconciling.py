"""`rig reconcile`: let the conductor go through GitHub now, and say what was repaired."""

import time
from datetime import datetime

import msgspec

from rigtasks.cli.operated import OperatedRig
from rigtasks.cli.output import Output, note, write_json, write_table
from rigtasks.errors import Retryable
from rigtasks.schedule import RECONCILED
from rigtasks.shell import COMPARE_TASK, RECONCILE_TASK, REPAIR_TASK, reconcile_entry

_POLL_SECONDS = 0.2
_BEFORE = """
SELECT coalesce((SELECT max(position) FROM events), 0), clock_timestamp()
"""
_OPEN = """
SELECT count(*), max(last_error) FROM outbox
 WHERE done_at IS NULL AND dead_at IS NULL AND task = ANY (%s)
"""
_SUCCESS = "SELECT detail FROM watchers WHERE name = %s AND last_success_at > %s"
_REPAIRED = """
SELECT i.ref, e.data ->> 'what', e.recorded_at
  FROM events AS e JOIN issues AS i ON i.stream = e.stream
 WHERE e.type = 'STATE_REPAIRED' AND e.position > %s ORDER BY e.position
"""
_TASKS = [RECONCILE_TASK, COMPARE_TASK, REPAIR_TASK]


class RepairRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the rig had not known."""

    ref: str
    what: str
    at: datetime


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """What going through GitHub came to."""

    outcome: str
    repairs: tuple[RepairRow, ...]


def reconcile(rig: OperatedRig, *, seconds: float, output: Output) -> None:
    """Ask for it, wait until all that was found has been looked at, and print the repairs.

    Raises:
        Retryable: it has not ended within these seconds; it goes on by itself.
    """
    database = rig.stores.database
    position, began = database.rows(_BEFORE)[0]
    rig.stores.outbox.add_missing((reconcile_entry(),))
    rig.stores.tell_relays()
    deadline = time.monotonic() + seconds
    while True:
        waiting, error = database.rows(_OPEN, (_TASKS,))[0]
        ended = database.rows(_SUCCESS, (RECONCILED, began))
        if ended and not waiting:
            break
        if time.monotonic() >= deadline:
            why = f"the last error was: {error}" if error else "is the conductor running?"
            raise Retryable(f"it goes on, {waiting} parts of it wait; {why}")
        time.sleep(_POLL_SECONDS)
    found = tuple(
        RepairRow(ref=ref, what=what, at=at)
        for ref, what, at in database.rows(_REPAIRED, (position,))
    )
    _show(Reconciliation(outcome=ended[0][0], repairs=found), output)


def _show(done: Reconciliation, output: Output) -> None:
    if output is Output.JSON:
        write_json(done)
        return
    note(done.outcome)
    write_table(
        ("repaired", "issue", "what"),
        [(one.at, one.ref, one.what) for one in done.repairs],
        empty="nothing had to be repaired",
    )
