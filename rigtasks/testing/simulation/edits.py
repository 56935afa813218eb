"""What simulated agents write: mostly harmless, sometimes hostile, sometimes in others' way."""

from uuid import UUID

from rigtasks.lifecycle.state import IssueState
from rigtasks.testing.simulation.plan import Curse, Fault
from rigtasks.testing.simulation.world import World


def change_of(world: World, state: IssueState, run_id: UUID, shared: str) -> dict[str, str]:
    """Return what an agent changes: mostly its own file, sometimes what others change as well.

    Args:
        world: whose dice are thrown.
        state: of the issue.
        run_id: makes one run's change differ from another's.
        shared: the text of the file that every issue may touch, as the checkout has it.
    """
    mark = f"# {state.number} {str(run_id)[:8]}\n"
    if world.happens(Fault.AGENT_HOSTILE, 0.2):
        return world.chance.choice(
            (
                {".github/workflows/ci.yml": f"on: never\n{mark}"},
                {"tests/test_price.py": mark},
                {"auth.py": f"TOKEN = 1\n{mark}"},
            )
        )
    overtaken = world.plan.curse is Curse.OVERTAKEN and state.number == 1
    if overtaken or world.chance.random() < 0.3:
        return {"price.py": f"def price(x):\n    return round(x)  {mark}"}
    return {f"fix_{state.number}.py": f"x = 1\n{mark}", "price.py": shared}
