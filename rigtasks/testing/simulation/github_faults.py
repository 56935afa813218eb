"""How GitHub fails in a simulation, and where a conductor dies within a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rigtasks.github.identities import Role
from rigtasks.testing.memory_github.faults import (
    Asked,
    base_moved,
    expired,
    forbidden,
    lagging,
    limited,
    unavailable,
)
from rigtasks.testing.simulation.goals import Goal
from rigtasks.testing.simulation.plan import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from rigtasks.errors import RigError
    from rigtasks.testing.simulation.world import World

_UNKNOWN = {
    "merge": Goal.UNKNOWN_MERGE,
    "pulls": Goal.UNKNOWN_PULL,
    "reviews": Goal.UNKNOWN_REVIEW,
    "comments": Goal.UNKNOWN_COMMENT,
}

#: What can happen before a call; a seed that knows nothing of it need not throw its dice.
_TROUBLES = frozenset(
    {
        Fault.APPROVAL_TAKEN_BACK,
        Fault.BASE_MOVES,
        Fault.CONDUCTOR_DIES,
        Fault.GITHUB_BEFORE,
        Fault.GITHUB_LAGS,
        Fault.GITHUB_LIMITS,
        Fault.GITHUB_REFUSES,
        Fault.HEAD_MOVES,
        Fault.INTERLEAVED,
        Fault.PEOPLE_CHANGE_THEIR_MIND,
    }
)


class GitHubFaults:
    """The fault hook of a seed. It lets others act, kills, refuses, and watches.

    Args:
        world: whose dice are thrown.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._is_troubled = bool(world.plan.faults & _TROUBLES)
        self.inside = 0
        self.calls = 0
        self.limited_task = False
        self.limited_until = 0.0
        self.doubtful_merges: set[str] = set()
        self.interrupt: Callable[[], None] = lambda: None
        self.die: Callable[[], None] = lambda: None
        self.move_head: Callable[[str], None] = lambda _: None
        self.act_before: Callable[[Asked], None] = lambda _: None
        self.on_effect: Callable[[Asked], None] = lambda _: None

    def before(self, asked: Asked) -> None:
        """Let somebody else act first, or fail before anything happened."""
        self.calls += 1
        if self.limited_task and self.inside:
            raise AssertionError(f"I26: {asked.method} {asked.path} after a limit was met")
        if self._is_troubled and not self._world.healed:
            self._trouble(asked)
        if asked.write:
            self.on_effect(asked)
        self._settle(asked)

    def _trouble(self, asked: Asked) -> None:
        world = self._world
        if self.inside == 1 and world.happens(Fault.INTERLEAVED, 0.01):
            self.interrupt()
        if self.inside and world.happens(Fault.CONDUCTOR_DIES, 0.004):
            self.die()
        self._refuse(asked)
        self._let_others_act(asked)
        if not asked.write and world.happens(Fault.GITHUB_LAGS, 0.002) and _announced(asked):
            raise lagging(asked)

    def _refuse(self, asked: Asked) -> None:
        world = self._world
        if world.clock.monotonic() < self.limited_until:
            raise self._limit()
        if world.happens(Fault.GITHUB_LIMITS, 0.003):
            self.limited_until = world.clock.monotonic() + 60.0
            raise self._limit()
        if world.happens(Fault.GITHUB_REFUSES, 0.001):
            world.goals.note(Goal.REFUSED_CALL)
            raise world.chance.choice((expired, forbidden))(asked)
        if world.happens(Fault.GITHUB_BEFORE, 0.01):
            self._doubt(asked)
            raise unavailable(asked)
        if _is_merge(asked) and world.happens(Fault.BASE_MOVES, 0.5):
            world.goals.note(Goal.BASE_MOVED)
            raise base_moved(asked)

    def _let_others_act(self, asked: Asked) -> None:
        """Let people change what is read just before it is read, or what a write relies on."""
        if self.inside == 1 and not asked.write:
            self.act_before(asked)
        if self._moves_a_branch(asked) and self._world.happens(Fault.HEAD_MOVES, 0.8):
            self.move_head(self._branch(asked))

    def after(self, asked: Asked) -> None:
        """Fail after the effect: it has happened, and nobody was told."""
        world = self._world
        if world.happens(Fault.GITHUB_AFTER, 0.8 if _is_merge(asked) else 0.2):
            goal = Goal.UNKNOWN_PUSH if asked.method == "PUSH" else _UNKNOWN.get(_kind(asked))
            if goal is not None:
                world.goals.note(goal)
            self._doubt(asked)
            raise unavailable(asked)
        if self.inside and world.happens(Fault.CONDUCTOR_DIES, 0.02):
            self.die()

    def is_stale(self, asked: Asked) -> bool:
        """Let a list lag behind: a pull request that was just opened is missing."""
        return asked.path == "/pulls" and self._world.happens(Fault.GITHUB_LAGS, 0.1)

    def _limit(self) -> RigError:
        """Return the error of a limit; the task that meets it must not go on asking."""
        self._world.goals.note(Goal.LIMITED)
        self.limited_task = self.inside == 1
        return limited(self.limited_until - self._world.clock.monotonic())

    def _moves_a_branch(self, asked: Asked) -> bool:
        return asked.write and bool(self.inside) and (_is_merge(asked) or asked.method == "PUSH")

    def _branch(self, asked: Asked) -> str:
        if asked.method == "PUSH":
            return asked.path.removeprefix("/git/")
        return self._world.shop.pulls[int(asked.path.split("/")[2])].head_ref

    def _doubt(self, asked: Asked) -> None:
        if _is_merge(asked):
            self.doubtful_merges.add(asked.path.removesuffix("/merge"))

    def _settle(self, asked: Asked) -> None:
        """Note that somebody read after a merge without an answer; a second call is a fault."""
        if _is_merge(asked):
            pull = asked.path.removesuffix("/merge")
            if pull in self.doubtful_merges:
                raise AssertionError(f"I7: {asked.path} was called again before it was read")
        elif self.doubtful_merges and asked.role is Role.CONDUCTOR and not asked.write:
            self.doubtful_merges.discard(asked.path)


def _is_merge(asked: Asked) -> bool:
    return asked.method == "PUT" and asked.path.endswith("/merge")


def _kind(asked: Asked) -> str:
    return asked.path.rpartition("/")[2]


def _announced(asked: Asked) -> bool:
    return asked.path.startswith("/pulls/")
