"""What the real command lines are started with; the tests that start them are elsewhere."""

from pathlib import Path

import pytest

from rigtasks.agent.assignment import Role
from rigtasks.agent.door import Upstream
from rigtasks.agent.provider import AgentCall, Provider
from rigtasks.agent.providers.claude import ClaudeProvider, claude_upstream
from rigtasks.agent.providers.codex import CodexProvider, codex_upstream
from rigtasks.errors import Permanent

KEY = "sk-secret"
CALL = AgentCall(
    role=Role.REVIEW,
    prompt="go \ud800 on",
    seconds=60,
    max_turns=7,
    cost_micro_usd=1_234_567,
    schema=b'{"type":"object"}',
    session="an-old-one",
)
BINARY = Path("/opt/tool/vendor/bin/tool")
CLAUDE = ClaudeProvider(binary=BINARY, model="m-1", upstream=claude_upstream(KEY))
CODEX = CodexProvider(binary=BINARY, model="m-1", upstream=codex_upstream(KEY))


def following(argv: tuple[str, ...], word: str) -> str:
    return argv[argv.index(word) + 1]


@pytest.mark.parametrize("provider", [CLAUDE, CODEX], ids=["claude", "codex"])
def test_the_model_that_was_asked_for_is_asked_for(provider: Provider) -> None:
    assert following(provider.launch(CALL).argv, "--model") == "m-1"


def test_claude_gets_what_is_left_of_the_limits() -> None:
    argv = CLAUDE.launch(CALL).argv

    assert following(argv, "--max-turns") == "7"
    assert following(argv, "--max-budget-usd") == "1.234567"
    assert following(argv, "--json-schema") == '{"type":"object"}'
    assert "--resume" not in argv


def test_claude_reads_no_settings_of_the_repository() -> None:
    argv = CLAUDE.launch(CALL).argv

    assert following(argv, "--setting-sources") == ""
    assert "--strict-mcp-config" in argv
    assert "--mcp-config" not in argv


def test_a_call_without_caps_has_no_caps() -> None:
    argv = CLAUDE.launch(AgentCall(role=Role.IMPLEMENT, prompt="", seconds=1, max_turns=1)).argv

    assert "--max-budget-usd" not in argv
    assert "--json-schema" not in argv


@pytest.mark.parametrize(
    "url", ["", "api.example.invalid", "ftp://api.example.invalid", "unix:/socket"]
)
def test_what_is_no_address_is_refused_without_saying_the_key(url: str) -> None:
    with pytest.raises(Permanent) as refused:
        Upstream(url=url, paths=frozenset(), headers={"x-api-key": KEY})

    assert KEY not in str(refused.value)


def test_each_api_has_its_own_address_and_header() -> None:
    assert CLAUDE.upstream.address.hostname == "api.anthropic.com"
    assert CODEX.upstream.address.hostname == "api.openai.com"
    assert CLAUDE.upstream.headers == {"x-api-key": KEY}
    assert CODEX.upstream.headers == {"authorization": f"Bearer {KEY}"}
    assert claude_upstream(KEY, "http://127.0.0.1:9/gate").address.path == "/gate"
