"""Another app in a simulation: it reports checks nobody requires, and under the required name."""

from rigtasks.testing.memory_github import reviews
from rigtasks.testing.memory_github.model import CheckRun
from rigtasks.testing.simulation.goals import LINT, Goal
from rigtasks.testing.simulation.plan import Fault
from rigtasks.testing.simulation.world import World

APP = (99, "linter")
_NAMES = ("test", LINT)
#: Seconds that it is at a head at the most; less than an empty suite is waited for.
_LONGEST = 120.0
_CONCLUSIONS = ("success", "failure")


class Linter:
    """Reports at heads of open pull requests, where a seed knows checks of others.

    Args:
        world: whose shop has pull requests.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._due: dict[str, float] = {}
        self._bot = world.hub.person("linter[bot]")

    def report(self) -> None:
        """Report something at the head of some pull request, as a check or as a status."""
        world, chance = self._world, self._world.chance
        heads = self._heads()
        if not heads:
            return
        sha, name = chance.choice(heads), chance.choice(_NAMES)
        conclusion = chance.choice(_CONCLUSIONS)
        if chance.random() < 0.3:
            person = world.hub.person("omar")
            reviews.set_status(world.hub, world.shop, person, sha, name, conclusion)
        else:
            self._complete(sha, name, conclusion)

    def look_at(self, sha: str) -> None:
        """Take a head on that CI is at as well; until a suite has runs, GitHub calls it clean."""
        world = self._world
        if world.healed or not world.knows(Fault.CHECKS_OF_OTHERS) or sha in self._due:
            return
        reviews.suite_of(world.hub, world.shop, sha, APP)
        world.shop.touch_checks(sha)
        self._due[sha] = world.clock.monotonic() + world.chance.uniform(1.0, _LONGEST)

    @property
    def wants(self) -> float | None:
        """Return when it reports next by the monotonic clock; None while it is at nothing."""
        return min(self._due.values(), default=None)

    def run(self) -> None:
        """Report what it has found at a head; in chaos something is wrong every other time."""
        sha = min(self._due, key=self._due.__getitem__)
        del self._due[sha]
        if any((run.head_sha, run.name, run.conclusion) == (sha, "test", "success")
               for run in self._world.shop.checks):  # fmt: skip
            self._world.goals.note(Goal.LATE_SUITE)
        red = not self._world.healed and self._world.chance.random() < 0.5
        self._complete(sha, LINT, "failure" if red else "success")

    def settle(self) -> None:
        """Make what was reported green, as somebody does who runs it again."""
        world = self._world
        for sha in self._heads():
            newest = {run.name: run for run in world.shop.checks
                      if (run.head_sha, run.app_id) == (sha, APP[0])}  # fmt: skip
            for run in newest.values():
                if run.conclusion == "failure":
                    self._conclude(run, "success")
            states = {one.context: one for one in world.shop.statuses if one.sha == sha}
            for status in states.values():
                if status.state == "failure":
                    reviews.set_status(
                        world.hub,
                        world.shop,
                        world.hub.person("omar"),
                        sha,
                        status.context,
                        "success",
                    )

    def _complete(self, sha: str, name: str, conclusion: str) -> None:
        world = self._world
        run = reviews.put_check(world.hub, world.shop, sha, name, APP)
        run.status, run.completed_at = "completed", world.clock()
        self._conclude(run, conclusion)

    def _conclude(self, run: CheckRun, conclusion: str) -> None:
        world = self._world
        run.conclusion = conclusion
        world.shop.touch_checks(run.head_sha)
        reviews.send_check(world.hub, world.shop, run, self._bot)

    def _heads(self) -> list[str]:
        pulls = self._world.shop.pulls.values()
        return sorted({pull.head_sha for pull in pulls if pull.is_open})
