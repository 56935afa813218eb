"""What `.rig-agent.yaml` may say, and what it is told when it says something else."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigtasks.errors import Rejected
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

FULL = b"""\
# the whole table once
stack: python
tools:
  - firebase-tools
  - "ruff==0.9.1"
  - "@angular/cli@19.0.0"
setupCommand: pip install -r requirements.txt
buildCommand: make
testCommand: |
  set -e
  pytest
workdir: services/api
baseBranch: release/2.x
escalate:
  - needs a decision on money
limits:
  maxTurns: 40
  maxCostUsd: 2.505
  maxMinutes: 30
  maxReviewLoops: 2
merge:
  mode: never
  method: rebase
  requiredChecks: ["test (3.11, ubuntu)"]
  blockLabels: [on hold]
paths:
  sensitive: ["src/auth/**"]
  deny: [db/migrations/*]
review: human
provider: command
model: some-model/large-4.5:latest
"""


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
    ("text", "line", "column", "says"),
    [
        ("stack: no\n", 1, 8, "YAML boolean"),
        ("stack: on\n", 1, 8, "YAML boolean"),
        ("stack: 'no'\n", 1, 8, "Did you mean `node`"),
        ("stack: review-e", 1, 8, "Write one of node, dotnet, python, ios"),
        ("stack: ../../x", 1, 8, "Write one of"),
        ('stack: "dotnet\\n"', 1, 8, "Write one of"),
        ("stack: nоde", 1, 8, "Did you mean `node`"),  # noqa: RUF001 a Cyrillic look-alike
        ("stack: Node", 1, 8, "Did you mean `node`"),
        ("stack: [node]", 1, 8, "not a list"),
        ("stack:", 1, 7, "Write one of"),
        ("stack: 5", 1, 8, "not a number"),
        ("stack: node\nstack: python\n", 2, 1, "written twice"),
        ("limits:\n  maxTurns: 1\n  maxTurns: 2\n", 3, 3, "written twice"),
        ("stak: node", 1, 1, "Did you mean `stack`"),
        ("test_command: x", 1, 1, "Did you mean `testCommand`"),
        ("maxTurns: 5", 1, 1, "belongs under `limits:`"),
        ("limits:\n  stack: node", 2, 3, "belongs at the top"),
        ("version: 1", 1, 1, "Known here: `stack`"),
        ("merge:\n  approvals: 0", 2, 3, "unknown key"),
        ("limits: {maxTurns: 0777}", 1, 20, "plain number"),
        ("limits: {maxTurns: 12:30:45}", 1, 20, "plain number"),
        ("limits: {maxTurns: 1e3}", 1, 20, "plain number"),
        ("limits: {maxTurns: 1_0}", 1, 20, "plain number"),
        ("limits: {maxTurns: 0x10}", 1, 20, "plain number"),
        ("limits: {maxTurns: '10'}", 1, 20, "plain number"),
        ("limits: {maxTurns: yes}", 1, 20, "plain number"),
        ("limits: {maxTurns: 1.5}", 1, 20, "whole number"),
        ("limits: {maxTurns: 0}", 1, 20, "between 1 and 500"),
        ("limits: {maxTurns: -5}", 1, 20, "between 1 and 500"),
        ("limits: {maxMinutes: 241}", 1, 22, "between 1 and 240"),
        ("limits: {maxCostUsd: .inf}", 1, 22, "plain number"),
        ("limits: {maxCostUsd: .nan}", 1, 22, "plain number"),
        ("limits: {maxCostUsd: 0}", 1, 22, "between 0.01 and 1000"),
        ("limits:", 1, 8, "section with keys, not nothing"),
        ("limits: [1]", 1, 9, "section with keys, not a list"),
        ("merge: yes", 1, 8, "section with keys"),
        ("review: {humans: [me]}", 1, 9, "must be a name"),
        ("testCommand: 5", 1, 14, 'quotes: "5"'),
        ("testCommand: yes", 1, 14, 'quotes: "yes"'),
        ("testCommand:", 1, 13, "no value"),
        ("testCommand: '  '", 1, 14, "not blank"),
        ("testCommand: [npm, test]", 1, 14, "must be text, not a list"),
        ('testCommand: "npm test\\u202e"', 1, 14, "not accepted"),
        ('testCommand: "npm\\0test"', 1, 14, "not accepted"),
        ('testCommand: "npm \\ud800"', 1, 14, "not accepted"),
        ("baseBranch: 2.0", 1, 13, "reads as a number"),
        ("baseBranch: 2026-01-01", 1, 13, "reads as a date"),
        ("baseBranch: --upload-pack=x", 1, 13, "a branch name"),
        ("baseBranch: a..b", 1, 13, "a branch name"),
        ("baseBranch: refs/heads/main", 1, 13, "a branch name"),
        ("baseBranch: main.lock", 1, 13, "a branch name"),
        ("workdir: ../x", 1, 10, "inside the repository"),
        ("workdir: a/../../x", 1, 10, "inside the repository"),
        ("workdir: /etc", 1, 10, "inside the repository"),
        ("workdir: '~/x'", 1, 10, "inside the repository"),
        ("workdir: 'C:/x'", 1, 10, "inside the repository"),
        ("workdir: 'a\\b'", 1, 10, "inside the repository"),
        ("workdir: sub/.GIT/hooks", 1, 10, "inside the repository"),
        ("workdir: -rf", 1, 10, "inside the repository"),
        ("paths: {deny: [../x]}", 1, 16, "without `..`"),
        ("paths: {sensitive: ['!src/auth']}", 1, 21, "or `!`"),
        ('tools: ["left-pad; curl x|sh"]', 1, 9, "package names"),
        ('tools: ["--index-url=http://evil"]', 1, 9, "package names"),
        ('tools: ["git+https://example.invalid/x"]', 1, 9, "package names"),
        ("tools: [./local]", 1, 9, "package names"),
        ("tools: ['a b']", 1, 9, "package names"),
        ("tools: [1.0]", 1, 9, "reads as a number"),
        ("tools: left-pad", 1, 8, "must be a list, not text"),
        ("tools: [" + "a," * 21 + "]", 1, 8, "more than 20"),
        ("escalate: [{a: b}]", 1, 12, "must be text"),
        ("model: --dangerously", 1, 8, "a model's name"),
        ("provider: Bad/One", 1, 11, "lower case"),
        ("env: {SECRET: x}", 1, 1, "unknown key"),
        ("\tstack: node", 1, 1, "never with tabs"),
        ("limits:\n\tmaxTurns: 1", 2, 1, "never with tabs"),
        ("stack: node\n---\nstack: python\n", 2, 1, "second document"),
        ("stack: &a node", 1, 8, "anchors and aliases"),
        ("stack: *a", 1, 8, "anchors and aliases"),
        ("<<: {stack: node}", 1, 1, "merge keys"),
        ("a: !!python/object/apply:os.system [x]", 1, 4, "tag"),
        ("stack: !!str node", 1, 8, "tag"),
        ("? [a]\n: b", 1, 3, "plain word"),
        ("stack: [node", 1, 13, "YAML stops here"),
        ("", 1, 1, "empty"),
        ("# only a comment\n", 1, 1, "empty"),
        ("null", 1, 1, "holds nothing"),
        ("- stack", 1, 1, "a list where keys are expected"),
        ("../shared/rig-agent.yaml", 1, 1, "text where keys are expected"),
        ("[" * 50_000, 1, 8, "nested or filled"),
        ("a: [" + "b," * 5_000 + "]", 1, 3999, "nested or filled"),
    ],
)
def test_a_bad_file_is_refused_at_its_place_with_a_remedy(
    text: str, line: int, column: int, says: str
) -> None:
    error = refusal(text)

    assert (error.line, error.column) == (line, column)
    assert says in str(error)
    assert str(error).startswith(f"`.rig-agent.yaml` line {line}, column {column}: ")
    assert isinstance(error, Rejected)
    assert error.code == "config-invalid"


def test_an_alias_bomb_ends_at_its_first_anchor() -> None:
    bomb = 'a: &a ["x","x"]\n' + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert refusal(bomb).line == 1


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"stack: \xff", 1, 8),
        ("# ü\nstack: ü".encode("latin-1"), 1, 3),
        ("stack: node".encode("utf-16"), 1, 1),
        (b"stack: node\nmodel: a\x00b", 2, 9),
        (b"#" * (MAX_BYTES + 1), 1, 1),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes, line: int, column: int) -> None:
    error = refusal(data)

    assert (error.line, error.column) == (line, column)


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
