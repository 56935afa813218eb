"""Every worker type, and the one that a set of queues asks for."""

from collections.abc import Collection

from rigtasks.config import ConfigurationError
from workers.conductor import CONDUCTOR
from workers.dev import DEV
from workers.ios import IOS
from workers.review import REVIEW
from workers.worker_type import WorkerType

WORKER_TYPES: tuple[WorkerType, ...] = (DEV, REVIEW, IOS, CONDUCTOR)


def worker_type_for(queues: Collection[str]) -> WorkerType:
    """Return the worker type that consumes all of these queues.

    Raises:
        ConfigurationError: no queue, an unknown one, or queues of different types.
    """
    known = sorted(queue for each in WORKER_TYPES for queue in each.queues)
    unknown = sorted(set(queues) - set(known))
    if not queues or unknown:
        named = f"unknown queue {', '.join(unknown)}" if unknown else "no queue named"
        raise ConfigurationError(f"{named}: start the worker with -Q and one of {', '.join(known)}")
    for each in WORKER_TYPES:
        if set(queues) <= each.queues:
            return each
    raise ConfigurationError(
        f"the queues {', '.join(sorted(queues))} belong to different worker types: "
        "start one worker for each type"
    )
