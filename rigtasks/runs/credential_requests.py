"""Requests for credentials, on Postgres."""

from uuid import UUID

from rigtasks.eventstore.database import Stores
from rigtasks.eventstore.outbox import EntryKind
from rigtasks.eventstore.stream import OutboxEntry
from rigtasks.shell import CONDUCTOR_QUEUE, CREDENTIALS_TASK


class PostgresCredentialRequests:
    """Leave the public key in a row and ask the conductor through the outbox."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def ask(self, stream: str, run_id: UUID, epoch: int, public_key: bytes) -> None:
        """Ask for the credentials of a run; the conductor answers when it gets to it."""
        self._stores.run_tokens.ask(run_id=run_id, epoch=epoch, public_key=public_key)
        entry = OutboxEntry(
            kind=EntryKind.TASK,
            task=CREDENTIALS_TASK,
            queue=CONDUCTOR_QUEUE,
            args=(stream, str(run_id), epoch),
            dedup_key=f"credentials {run_id} {epoch}",
        )
        self._stores.outbox.add((entry,))
        self._stores.tell_relays()

    def answer(self, run_id: UUID, epoch: int) -> bytes | None:
        """Return the sealed answer once it is there."""
        found = self._stores.run_tokens.get(run_id=run_id, epoch=epoch)
        return None if found is None else found.sealed
