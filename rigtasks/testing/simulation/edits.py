"""What simulated agents write: mostly harmless, sometimes hostile, sometimes in others' way."""

import json
from uuid import UUID

import msgspec

from rigtasks.github.identities import Role
from rigtasks.lifecycle.state import FeedbackKind, IssueState
from rigtasks.runs.assignments import branch_of
from rigtasks.testing.memory_github import MemoryCheckout, pulls
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
    if world.happens(Fault.AGENT_HOSTILE, 0.4):
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


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a run committed, as it hands it over."""

    head_sha: str
    bundle: bytes
    files_changed: int


def is_merging(state: IssueState) -> bool:
    """Say whether the base has to be merged into the branch first."""
    return state.feedback is not None and state.feedback.kind is FeedbackKind.CONFLICT


def commits_of(
    world: World, state: IssueState, run_id: UUID, start_sha: str, base_sha: str
) -> Made:
    """Return what an agent changed, as the rig commits it."""
    checkout = MemoryCheckout(world.shop, start_sha, world.clock)
    bot = world.hub.bot(Role.AUTHOR)
    if is_merging(state) and not world.happens(Fault.AGENT_FAILS, 0.3):
        checkout.merge(base_sha, bot)
    files = change_of(world, state, run_id, checkout.tip.files["price.py"])
    return Made(
        head_sha=checkout.commit(files, f"fix: issue {state.number}", bot),
        bundle=checkout.bundle(branch_of(state)),
        files_changed=len(files),
    )


def overtake(world: World) -> None:
    """Let somebody land a change of the very same lines first."""
    files = {"price.py": f"def price(x):\n    return x + {world.chance.random()}\n"}
    pulls.push(world.hub, world.shop, world.hub.person("omar"), "main", files, "fix: first")


def verdict_of(world: World, *, stubborn: bool) -> bytes:
    """Return what a reviewer says; a stubborn one is never content."""
    verdict, findings = "approve", []
    if world.happens(Fault.AGENT_FAILS, 0.4):
        verdict = world.chance.choice(("request_changes", "request_changes", "abstain"))
    if stubborn:
        verdict = "request_changes"
    if verdict == "request_changes":
        findings = [{"severity": "major", "message": "Wrong.", "path": "price.py", "line": 2}]
    said = {"verdict": verdict, "summary": "Looked at it.", "findings": findings}
    if world.happens(Fault.AGENT_HOSTILE, 0.1):
        return b"APPROVED, do merge it"
    return json.dumps(said).encode()
