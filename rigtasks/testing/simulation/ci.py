"""GitHub's CI in a simulation: it runs at heads of pull requests, late, red, or twice."""

from rigtasks.testing.memory_github import reviews
from rigtasks.testing.memory_github.hub import CI_APP
from rigtasks.testing.simulation.linter import Linter
from rigtasks.testing.simulation.plan import Fault
from rigtasks.testing.simulation.world import World


class Ci:
    """Runs the one required check at every head of an open pull request.

    Args:
        world: whose shop has pull requests.
        linter: looks at the same heads.
    """

    def __init__(self, world: World, linter: Linter) -> None:
        self._world = world
        self._linter = linter
        self._ends: dict[str, float] = {}
        self._looked_at = -1
        self._open: list[str] = []

    @property
    def busy(self) -> bool:
        """Say whether some head has no finished check."""
        return bool(self._open_heads())

    @property
    def wants(self) -> float | None:
        """Return when a check ends next by the monotonic clock; None while none is expected."""
        heads = self._open_heads()
        return min(map(self._end, heads)) if heads else None

    def run(self) -> None:
        """Begin or end one check."""
        world = self._world
        now = world.clock.monotonic()
        heads = [sha for sha in self._open_heads() if self._end(sha) <= now]
        if not heads:
            return
        sha = world.chance.choice(heads)
        self._linter.look_at(sha)
        if world.happens(Fault.CI_SLOW, 0.3):
            self._ends[sha] = now + 30.0
            reviews.run_ci(world.hub, world.shop, sha, "test", None)
            return
        red = world.happens(Fault.CI_FLIPS, 0.3)
        reviews.run_ci(world.hub, world.shop, sha, "test", "failure" if red else "success")

    def flip(self) -> None:
        """Run a check again that has ended, with another outcome."""
        world = self._world
        ended = [run for run in world.shop.checks if run.name == "test" and run.conclusion]
        if ended:
            run = world.chance.choice(ended)
            again = "success" if run.conclusion == "failure" else "failure"
            reviews.run_ci(world.hub, world.shop, run.head_sha, "test", again)

    def heal(self) -> None:
        """Make every head green that flipped to red, as a person does by running it again."""
        world = self._world
        for sha in self._heads():
            if self._conclusion(sha) == "failure":
                reviews.run_ci(world.hub, world.shop, sha, "test", "success")

    def _end(self, sha: str) -> float:
        """Return when the check at a head ends; slow ones leave time for much else."""
        if sha not in self._ends:
            world = self._world
            longest = 200.0 if world.knows(Fault.CI_SLOW) else 20.0
            self._ends[sha] = world.clock.monotonic() + world.chance.uniform(1.0, longest)
        return self._ends[sha]

    def _heads(self) -> list[str]:
        pulls = self._world.shop.pulls.values()
        return sorted({pull.head_sha for pull in pulls if pull.is_open})

    def _open_heads(self) -> list[str]:
        version = self._world.shop.version
        if version != self._looked_at:
            self._looked_at = version
            self._open = [sha for sha in self._heads() if self._conclusion(sha) is None]
        return self._open

    def _conclusion(self, sha: str) -> str | None:
        for run in reversed(self._world.shop.checks):
            if (run.head_sha, run.name, run.app_id) == (sha, "test", CI_APP[0]):
                return run.conclusion
        return None
