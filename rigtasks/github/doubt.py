"""After a write without a clear answer: look whether it happened, until GitHub has caught up."""

from collections.abc import Callable
from typing import Final, TypeVar

from rigtasks.errors import RigError
from rigtasks.github.api import Api
from rigtasks.github.errors import EffectUnknown

T = TypeVar("T")

#: GitHub's lists can lie some seconds behind what it did.
LOOK_AGAIN_PAUSES: Final = (1.0, 2.0, 4.0)


def write_or_find(api: Api, write: Callable[[], T], find: Callable[[], T | None]) -> T:
    """Write once, and where the answer was lost return what is found instead.

    Args:
        api: whose pauses are waited out between the looks.
        write: the one call that changes something.
        find: looks for what it makes, None while it is not there.

    Raises:
        EffectUnknown: it was not found; look again before writing again.
    """
    try:
        return write()
    except EffectUnknown as doubt:
        for pause in LOOK_AGAIN_PAUSES:
            api.pause(pause)
            try:
                found = find()
            except RigError as error:
                raise EffectUnknown(f"{doubt} Reading failed as well: {error}") from doubt
            if found is not None:
                return found
        raise
