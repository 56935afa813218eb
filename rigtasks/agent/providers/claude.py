"""Claude Code, without a person: its stream of JSON lines, its own limits, none of its settings."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from rigtasks.agent.door import MODEL_URL, PLACEHOLDER, Upstream
from rigtasks.agent.provider import AgentCall, Launch, LineParser
from rigtasks.agent.providers.tool import Tool
from rigtasks.agent.streams.claude import ClaudeLines
from rigtasks.agent.streams.pricing import priced
from rigtasks.budget.prices import Vendor
from rigtasks.errors import Permanent

API_URL = "https://api.anthropic.com"
_PATHS = frozenset({"/v1/messages", "/v1/messages/count_tokens"})
_TOOLS = "Bash,Edit,Glob,Grep,NotebookEdit,Read,Write"
_MICRO = 1_000_000
_ENV = {
    "ANTHROPIC_API_KEY": PLACEHOLDER,
    "ANTHROPIC_BASE_URL": MODEL_URL,
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_MAX_RETRIES": "2",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
    "IS_SANDBOX": "1",
}


class ClaudeProvider(Tool, frozen=True, kw_only=True):
    """Starts `claude -p` with every permission inside the walls and no configuration of others.

    Settings, hooks and servers that a repository brings along are not read.
    """

    @property
    def name(self) -> str:
        """Return `claude`."""
        return "claude"

    def launch(self, call: AgentCall) -> Launch:
        """Give the prompt on standard input, and what is left of turns and money as limits."""
        limits = ["--max-turns", str(call.max_turns)]
        if call.cost_micro_usd is not None:
            limits += ["--max-budget-usd", f"{call.cost_micro_usd / _MICRO:.6f}"]
        if call.schema is not None:
            limits += ["--json-schema", call.schema.decode()]
        return Launch(
            argv=(
                str(self.binary),
                "-p",
                *("--output-format", "stream-json", "--verbose"),
                *("--model", self.model),
                *("--permission-mode", "bypassPermissions"),
                *("--tools", _TOOLS),
                *("--setting-sources", ""),
                "--strict-mcp-config",
                "--no-session-persistence",
                *limits,
            ),
            stdin=call.prompt.encode(errors="replace"),
            env=_ENV,
            read_only=(self.binary,),
            upstream=self.upstream,
        )

    def parser(self) -> LineParser:
        """Return a parser that prices what it reads."""
        return priced(ClaudeLines(), Vendor.ANTHROPIC)


def claude_upstream(key: str, url: str = "") -> Upstream:
    """Return the way to Anthropic's API, or to a server that speaks like it."""
    return Upstream(url=url or API_URL, paths=_PATHS, headers={"x-api-key": key})


def find_claude() -> Path:
    """Return the binary that the package `claude-agent-sdk` brings, otherwise the one on PATH.

    Raises:
        Permanent: there is none.
    """
    package = find_spec("claude_agent_sdk")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        bundled = Path(folder) / "_bundled" / "claude"
        if bundled.is_file():
            return bundled.resolve()
    found = shutil.which("claude")
    if found is None:
        raise Permanent(
            "the command line of Claude was not found: pip install claude-agent-sdk, which brings "
            "it along, or put claude on PATH"
        )
    return Path(found).resolve()
