"""Reads events from the event store as they are committed."""

from datetime import datetime

from rigtasks.eventstore.codec import EVENT_COLUMNS, stored_event
from rigtasks.eventstore.connection import Connection
from rigtasks.lifecycle.envelope import StoredEvent

FEED_NAME = "rig demo"
"""What Postgres shows the feed's session as."""
_MOST = 500
_AFTER = f"""
SELECT stream, {EVENT_COLUMNS} FROM events WHERE position > %s ORDER BY position LIMIT {_MOST}
"""  # noqa: S608 - constants only
_NOW = "SELECT coalesce(max(position), 0), clock_timestamp() FROM events"


class EventFeed:
    """Every event after a position, in commit order.

    Args:
        database_url: of the event store; only read from.
    """

    def __init__(self, database_url: str) -> None:
        self._connection = Connection(database_url, application_name=FEED_NAME)
        self._position = 0

    def skip_to_end(self) -> datetime:
        """Leave out everything stored so far and return the database's time.

        Raises:
            DatabaseUnavailable: Postgres does not answer.
        """
        position, now = self._connection.rows(_NOW)[0]
        self._position = int(position)
        assert isinstance(now, datetime)  # noqa: S101 - what clock_timestamp() returns
        return now

    def next_events(self) -> tuple[StoredEvent, ...]:
        """Return the events since the last call; after a failure the next call goes on there.

        Raises:
            DatabaseUnavailable: Postgres does not answer at the moment.
        """
        rows = self._connection.rows(_AFTER, (self._position,))
        events = tuple(stored_event(row[0], row[1:]) for row in rows)
        if events:
            self._position = events[-1].position
        return events

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
