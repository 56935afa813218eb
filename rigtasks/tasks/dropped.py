"""Messages that nobody can read: dropped, told and counted, whoever wrote them.

What they may have asked for is asked for again by the outbox, so nothing depends on them.
"""

import time

import structlog
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.redis import Channel, Transport
from redis.exceptions import ConnectionError as ConnectionBroken
from redis.exceptions import ResponseError

from rigtasks.config import load_settings
from rigtasks.errors import RigError
from rigtasks.eventstore.connection import Connection
from rigtasks.eventstore.liveness import Reports

_log = structlog.get_logger("rig.messages")
_LONGEST = 200
#: Before a Redis that refuses is asked again.
_REFUSED_SECONDS = 1.0


def note_dropped(queue: str, error: BaseException | str) -> None:
    """Tell of a message that was dropped, and count it where the store can be reached.

    Args:
        queue: where it was.
        error: what is wrong with it.
    """
    why = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    _log.warning("message dropped", queue=queue, why=why[:_LONGEST])
    session = Connection(
        load_settings().database_url.get_secret_value(),
        application_name="rig dropped",
        flushed=False,
    )
    try:
        Reports(session).dropped(queue, why[:_LONGEST].replace("\0", ""))
    except RigError as failure:
        _log.warning("the dropped message is not counted", error=str(failure))
    finally:
        session.close()


class CarefulChannel(Channel):
    """Reads messages from Redis, drops what is no message, and waits for one that refuses.

    Kombu's own lets either error end the whole worker, with the run that it watches.
    """

    def _brpop_read(self, **options: object) -> bool:
        try:
            taken: bool = super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except ResponseError as error:  # read only, or without enough replicas
            time.sleep(_REFUSED_SECONDS)
            raise ConnectionBroken(f"Redis gives no messages: {error}") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            note_dropped(",".join(sorted(self.active_queues)), error)
            return True
        return taken


class CarefulTransport(Transport):
    """Redis with channels that survive what is no message."""

    Channel = CarefulChannel


def survive_poison() -> None:
    """Let every connection of this process to Redis read with care."""
    name = f"{CarefulTransport.__module__}:{CarefulTransport.__qualname__}"
    TRANSPORT_ALIASES.update(redis=name, rediss=name)
