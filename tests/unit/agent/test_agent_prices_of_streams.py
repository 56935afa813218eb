"""What recorded calls cost, by the rig's prices and not by the tool's word."""

import pytest
from recorded import recorded, tally_of

from rigtasks.agent.streams.claude import ClaudeLines
from rigtasks.agent.streams.codex import CodexLines
from rigtasks.agent.streams.pricing import priced
from rigtasks.budget.prices import Vendor
from rigtasks.budget.usage import CostBasis, Usage


def cost(name: str, *lines: bytes, model: str = "gpt-5.2-codex") -> Usage:
    claude = name.startswith("claude")
    vendor = Vendor.ANTHROPIC if claude else Vendor.OPENAI
    parse = ClaudeLines() if claude else CodexLines(model)
    usage = tally_of(priced(parse, vendor), *(lines or (recorded(name),))).usage
    assert usage is not None
    return usage


@pytest.mark.parametrize(
    ("name", "micro"),
    [
        ("claude-basic.jsonl", 19_715),
        ("claude-budget.jsonl", 22_618),
        ("claude-denied.jsonl", 16_843),
        ("claude-e401.jsonl", 0),
        ("codex-basic.jsonl", 5_082),
    ],
)
def test_a_call_is_priced_from_its_tokens(name: str, micro: int) -> None:
    usage = cost(name)

    assert (usage.cost_micro_usd, usage.cost_basis) == (micro, CostBasis.COMPUTED)


@pytest.mark.parametrize("name", ["codex-hang.jsonl", "codex-failed.jsonl", "codex-e401.jsonl"])
def test_a_call_that_told_no_tokens_is_unpriced(name: str) -> None:
    usage = cost(name)

    assert (usage.cost_micro_usd, usage.cost_basis) == (None, CostBasis.UNPRICED)


@pytest.mark.parametrize("model", ["", "gpt-unheard-of"])
def test_a_model_nobody_knows_is_unpriced(model: str) -> None:
    usage = cost("codex-basic.jsonl", model=model)

    assert usage.cost_micro_usd is None
    assert usage.tokens == 3453


def test_the_invented_cost_of_an_unknown_model_is_not_believed() -> None:
    line = recorded("claude-basic.jsonl").replace(b"claude-opus-4-8", b"claude-unheard-of")

    assert cost("claude", line).cost_micro_usd is None


def test_a_call_cut_off_before_its_result_is_priced_by_what_it_had_said() -> None:
    *lines, _ = recorded("claude-basic.jsonl").splitlines(keepends=True)

    usage = cost("claude", *lines)

    assert usage.output == 3  # what the tool reported at the start of each message
    assert usage.cost_micro_usd is not None
    whole = cost("claude-basic.jsonl").cost_micro_usd
    assert whole is not None
    assert 0.9 * whole < usage.cost_micro_usd < 1.5 * whole


def test_models_of_sub_agents_are_priced_each_by_its_own_list() -> None:
    *_, result = recorded("claude-basic.jsonl").splitlines(keepends=True)
    model = b'"modelUsage":{'
    small = b'"claude-haiku-4-5":{"inputTokens":100000,"outputTokens":1},'
    assert model in result

    usage = cost("claude", result.replace(model, model + small))

    assert usage.model == "claude-opus-4-8[1m]"
    assert usage.cost_micro_usd == 19_715 + 100_005
    assert (usage.input_uncached, usage.turns) == (100_303, 3)
