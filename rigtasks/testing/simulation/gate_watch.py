"""I10: what a repository's file adds can only keep a merge back, judged on GitHub as it is."""

from collections.abc import Iterator

from msgspec.structs import replace

from rigtasks.conductor.gate_facts import read_gate
from rigtasks.gate.verdict import evaluate
from rigtasks.lifecycle.state import IssueState
from rigtasks.routing.agent_config import AgentConfig
from rigtasks.routing.keys import MergeMode, ReviewBy
from rigtasks.testing.memory_github.faults import NoFaults
from rigtasks.testing.simulation.world import World


def lifted_by_config(world: World, state: IssueState) -> str | None:
    """Return which addition to the file would make a merge possible that was not, if any does.

    Args:
        world: whose GitHub is read, undisturbed and without dice.
        state: of an issue with a pull request.
    """
    before, world.hub.faults = world.hub.faults, NoFaults()
    config = state.config or AgentConfig()
    try:
        if world.hub.lazy_mergeability:
            _passes(world, state)  # the first asking makes GitHub find out about the merge
        if not _passes(world, replace(state, config=config)):
            added = (words for words, more in _additions(config)
                     if _passes(world, replace(state, config=more)))  # fmt: skip
            return next(added, None)
        bare = replace(state, config=AgentConfig(stack=config.stack))
        return None if _passes(world, bare) else "what the file says"
    finally:
        world.hub.faults = before


def _passes(world: World, state: IssueState) -> bool:
    return evaluate(read_gate(world.conductor, state).gate, world.clock()).passes


def _additions(config: AgentConfig) -> Iterator[tuple[str, AgentConfig]]:
    """Return files that say the same and one thing more."""
    merge, paths = config.merge, config.paths
    checks = replace(merge, required_checks=(*merge.required_checks, "lint"))
    yield "a required check", replace(config, merge=checks)
    labels = replace(merge, block_labels=(*merge.block_labels, "priority: high"))
    yield "a blocking label", replace(config, merge=labels)
    yield "merge: never", replace(config, merge=replace(merge, mode=MergeMode.NEVER))
    sensitive = replace(paths, sensitive=(*paths.sensitive, "price.py"))
    yield "a sensitive path", replace(config, paths=sensitive)
    denied = replace(paths, deny=(*paths.deny, "price.py"))
    yield "a denied path", replace(config, paths=denied)
    yield "review: human", replace(config, review=ReviewBy.HUMAN)
