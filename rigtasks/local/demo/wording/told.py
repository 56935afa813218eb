"""What the words of an event may depend on besides the event itself."""

from collections.abc import Callable
from typing import Any

import msgspec

from rigtasks.lifecycle.events import Event
from rigtasks.local.demo.line import Line


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was told of an issue so far.

    Args:
        reviewing: the run that this event belongs to reviews, it does not implement.
        claims: how often the issue was claimed for implementation before.
        waiting_for: the gates that the last line about the merge gate named.
    """

    reviewing: bool = False
    claims: int = 0
    waiting_for: tuple[str, ...] = ()


Lines = tuple[Line, ...]
Words = Callable[[Any, Told], Lines]
WordsByType = dict[type[Event], Words]
