"""Codex, without a person: `codex exec --json` behind the rig's walls instead of its own."""

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from rigtasks.agent.door import MODEL_URL, PLACEHOLDER, Upstream
from rigtasks.agent.provider import AgentCall, Launch, LineParser
from rigtasks.agent.providers.tool import Tool
from rigtasks.agent.streams.codex import CodexLines
from rigtasks.agent.streams.pricing import priced
from rigtasks.budget.prices import Vendor
from rigtasks.errors import Permanent

API_URL = "https://api.openai.com"
_PATHS = frozenset({"/v1/responses", "/v1/responses/compact"})
_KEY_VARIABLE = "RIG_MODEL_KEY"
_NATIVE = "codex-*/vendor/*/bin/codex"
_CONFIG: dict[str, str | int | bool] = {
    "model_provider": "rig",
    "model_providers.rig.name": "rig",
    "model_providers.rig.base_url": f"{MODEL_URL}/v1",
    "model_providers.rig.wire_api": "responses",
    "model_providers.rig.env_key": _KEY_VARIABLE,
    "model_providers.rig.request_max_retries": 2,
    "model_providers.rig.stream_max_retries": 2,
    "shell_environment_policy.inherit": "all",  # nothing in it is secret, and it carries the mark
    "check_for_update_on_startup": False,
    "web_search": "disabled",
}


class CodexProvider(Tool, frozen=True, kw_only=True):
    """Starts `codex exec`; it knows no limit of turns or money, only the rig's timers end it."""

    @property
    def name(self) -> str:
        """Return `codex`."""
        return "codex"

    def launch(self, call: AgentCall) -> Launch:
        """Give the prompt on standard input; an answer that is data is the last message."""
        options = [
            word
            for name, value in _CONFIG.items()
            for word in ("-c", f"{name}={json.dumps(value)}")
        ]
        return Launch(
            argv=(
                str(self.binary),
                "exec",
                "--json",
                "--skip-git-repo-check",
                "--dangerously-bypass-approvals-and-sandbox",
                *("--model", self.model),
                *options,
                "-",
            ),
            stdin=call.prompt.encode(errors="replace"),
            env={_KEY_VARIABLE: PLACEHOLDER},
            read_only=(self.binary.parents[1],),
            upstream=self.upstream,
        )

    def parser(self) -> LineParser:
        """Return a parser that prices what it reads by the model that was asked for."""
        return priced(CodexLines(self.model), Vendor.OPENAI)


def codex_upstream(key: str, url: str = "") -> Upstream:
    """Return the way to OpenAI's API, or to a server that speaks like it."""
    return Upstream(url=url or API_URL, paths=_PATHS, headers={"authorization": f"Bearer {key}"})


def find_codex() -> Path:
    """Return the native program of the npm package, beside this Python or behind PATH's `codex`.

    Raises:
        Permanent: there is none.
    """
    for modules in _module_folders():
        for binary in sorted((modules / "@openai").glob(_NATIVE)):
            return binary.resolve()
    raise Permanent(
        "the command line of Codex was not found: npm install --global @openai/codex, or put it "
        "on PATH"
    )


def _module_folders() -> Iterable[Path]:
    yield Path(sys.prefix) / "agents" / "node_modules"
    found = shutil.which("codex")
    if found is None:
        return
    package = Path(found).resolve().parents[1]
    yield from (package / "node_modules", package.parents[1])
