"""What `.rig-agent.yaml` may say; what it may not is in `bad_agent_configs.py`."""

import json

import msgspec
import pytest
from bad_agent_configs import FULL
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.routing.agent_config import (
    AgentConfig,
    ConfigInvalid,
    Limits,
    Merge,
    Paths,
    parse_agent_config,
    tightest,
)
from rigtasks.routing.keys import KEYS, Key, MergeMethod, MergeMode, ReviewBy
from rigtasks.routing.stack import Stack
from rigtasks.routing.yaml_tree import MAX_BYTES


def refusal(text: str | bytes) -> ConfigInvalid:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigInvalid) as caught:
        parse_agent_config(data)
    return caught.value


def test_every_key_arrives_in_its_field() -> None:
    assert parse_agent_config(FULL) == AgentConfig(
        stack=Stack.PYTHON,
        tools=("firebase-tools", "ruff==0.9.1", "@angular/cli@19.0.0"),
        setup_command="pip install -r requirements.txt",
        build_command="make",
        test_command="set -e\npytest\n",
        workdir="services/api",
        base_branch="release/2.x",
        escalate=("needs a decision on money",),
        limits=Limits(
            max_turns=40, max_cost_micro_usd=2_505_000, max_minutes=30, max_review_loops=2
        ),
        merge=Merge(
            mode=MergeMode.NEVER,
            method=MergeMethod.REBASE,
            required_checks=("test (3.11, ubuntu)",),
            block_labels=("on hold",),
        ),
        paths=Paths(sensitive=("src/auth/**",), deny=("db/migrations/*",)),
        review=ReviewBy.HUMAN,
        provider="command",
        model="some-model/large-4.5:latest",
    )


def test_the_table_and_the_value_have_the_same_fields() -> None:
    def fields(keys: tuple[Key, ...]) -> set[str]:
        return {key.field for key in keys}

    nested = {key.name: key.keys for key in KEYS if key.keys}

    assert fields(KEYS) == set(AgentConfig.__struct_fields__)
    assert fields(nested["limits"]) == set(Limits.__struct_fields__)
    assert fields(nested["merge"]) == set(Merge.__struct_fields__)
    assert fields(nested["paths"]) == set(Paths.__struct_fields__)


@pytest.mark.parametrize(
    "text", ["{}", "stack: node\n...\n", "\ufeffstack: node", "# c\n---\nstack: node\n"]
)
def test_other_spellings_of_a_good_file_are_read(text: str) -> None:
    assert parse_agent_config(text.encode()).stack in {None, Stack.NODE}


@pytest.mark.parametrize(
    "text",
    [
        "limits: {maxTurns: 1, maxMinutes: 240, maxCostUsd: 0.01, maxReviewLoops: 10}",
        "limits: {maxTurns: 500, maxMinutes: 1, maxCostUsd: 1000.00, maxReviewLoops: 1}",
        "model: " + "m" * 100,
        "tools: [" + "a," * 20 + "]",
        "#" * (MAX_BYTES - 3) + "\n{}",
    ],
)
def test_what_lies_on_a_bound_is_within(text: str) -> None:
    assert isinstance(parse_agent_config(text.encode()), AgentConfig)


def test_what_lies_past_a_length_is_refused() -> None:
    assert "longer than 100" in str(refusal("model: " + "m" * 101))


def test_a_message_neither_pings_nor_breaks_its_code_span_nor_repeats_a_long_value() -> None:
    error = refusal("stack: 'x` @everyone " + "y" * 5_000 + "'")

    spans = str(error).split("`")
    assert "@everyone" in spans[3]
    assert len(str(error)) < 300


FIGURES = st.none() | st.integers(1, 1_000)
LIMITS = st.builds(
    Limits,
    max_turns=FIGURES,
    max_cost_micro_usd=FIGURES,
    max_minutes=FIGURES,
    max_review_loops=FIGURES,
)


@given(LIMITS, LIMITS)
@settings(max_examples=100, deadline=None)
def test_a_repository_can_tighten_limits_and_never_widen_them(own: Limits, rig: Limits) -> None:
    combined = msgspec.structs.asdict(tightest(own, rig))

    for name, figure in combined.items():
        given_figures = [f for f in (getattr(own, name), getattr(rig, name)) if f is not None]
        assert figure == (min(given_figures) if given_figures else None)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("needs Xcode (requires-macos)", True),
        ("requires-macos", True),
        ("Requires-MacOS", True),
        ("not-requires-macos-at-all", False),
        ("needs a Mac", False),
    ],
)
def test_an_escalation_names_the_mac_by_its_whole_word(entry: str, *, expected: bool) -> None:
    config = parse_agent_config(json.dumps({"escalate": [entry]}).encode())

    assert config.requires_macos is expected
    assert not parse_agent_config(b"stack: node").requires_macos
