"""Find the settings that conductor and workers were told differently. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that a process of a queue has to share with others, in words, by their names."""

    queue: str
    settings: Mapping[str, str]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A setting with more than one value, and who has which."""

    setting: str
    sides: Mapping[str, str]

    def told(self, *, shown: bool) -> str:
        """Say who differs, with the values or without."""
        if not shown:
            return f"{self.setting} differs between {' and '.join(self.sides.values())}"
        values = "; ".join(f"{who}: {value}" for value, who in self.sides.items())
        return f"{self.setting} differs ({values})"


def differences(processes: Iterable[Agreed]) -> tuple[Difference, ...]:
    """Return every setting that two processes have differently, in the order of their names.

    A process that tells nothing of a setting does not need it.
    """
    told = tuple(processes)
    found = []
    for setting in sorted({name for one in told for name in one.settings}):
        having = tuple(one for one in told if setting in one.settings)
        by_value: dict[str, list[str]] = {}
        for one in having:
            by_value.setdefault(one.settings[setting], []).append(one.queue)
        if len(by_value) > 1:
            of_queue = Counter(one.queue for one in having)
            sides = {value: _who(queues, of_queue) for value, queues in by_value.items()}
            found.append(Difference(setting=setting, sides=sides))
    return tuple(found)


def _who(queues: list[str], of_queue: Counter[str]) -> str:
    """Name queues, with how many of their processes where it is not all of them."""
    return ", ".join(
        queue if count == of_queue[queue] else f"{count} of {of_queue[queue]} {queue}"
        for queue, count in Counter(queues).items()
    )
