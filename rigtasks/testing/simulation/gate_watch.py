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
    try:
        _passes(world, state)  # the first asking makes GitHub find out about the merge
        for words, weaker, stronger in _steps(state.config or AgentConfig()):
            passes = _passes(world, replace(state, config=stronger))
            if passes and not _passes(world, replace(state, config=weaker)):
                return words
    finally:
        world.hub.faults = before
    return None


def _passes(world: World, state: IssueState) -> bool:
    return evaluate(read_gate(world.conductor, state).gate, world.clock()).passes


def _steps(config: AgentConfig) -> Iterator[tuple[str, AgentConfig, AgentConfig]]:
    """Return pairs of files of which the second adds something to the first."""
    merge, paths = config.merge, config.paths
    yield "what the file says", AgentConfig(stack=config.stack), config
    checks = replace(merge, required_checks=(*merge.required_checks, "lint"))
    yield "a required check", config, replace(config, merge=checks)
    labels = replace(merge, block_labels=(*merge.block_labels, "priority: high"))
    yield "a blocking label", config, replace(config, merge=labels)
    yield "merge: never", config, replace(config, merge=replace(merge, mode=MergeMode.NEVER))
    sensitive = replace(paths, sensitive=(*paths.sensitive, "price.py"))
    yield "a sensitive path", config, replace(config, paths=sensitive)
    denied = replace(paths, deny=(*paths.deny, "price.py"))
    yield "a denied path", config, replace(config, paths=denied)
    yield "review: human", config, replace(config, review=ReviewBy.HUMAN)
