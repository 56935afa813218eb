"""Tell the relays that deliveries were stored: after the commit, and never in anybody's way."""

import logging
import threading

from rigtasks.eventstore.channel import NOTIFY
from rigtasks.eventstore.connection import Connection, DatabaseUnavailable

_LOG = logging.getLogger(__name__)
_REST_SECONDS = 0.02


class Doorbell:
    """One thread that turns any number of rings into few notifications.

    A notification that gets lost costs the delivery one short poll of the relay, nothing else, so
    nobody waits for it.

    Args:
        database_url: where Postgres is.
    """

    def __init__(self, database_url: str) -> None:
        self._connection = Connection(database_url, application_name="rig-receiver bell")
        self._rung = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="doorbell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Ask for a notification soon; costs nothing."""
        self._rung.set()

    def _listen(self) -> None:
        rest = threading.Event()
        while self._rung.wait():
            self._rung.clear()
            try:
                self._connection.rows(NOTIFY)
            except DatabaseUnavailable as error:
                _LOG.warning("the relays were not told: %s", error)
            rest.wait(_REST_SECONDS)
