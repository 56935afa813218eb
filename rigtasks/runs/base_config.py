"""The repository's own file, as it stands on the base branch when a run begins."""

from pathlib import Path

import msgspec

from rigtasks.routing.agent_config import CONFIG_PATH, AgentConfig, parse_agent_config
from rigtasks.workspace.checkout import BASE_REF
from rigtasks.workspace.git import Git

_LARGEST = 64 * 1024


class BaseConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The parsed file with its blob; an absent file is an empty one without a blob."""

    config: AgentConfig
    blob_sha: str | None


def read_base_config(checkout: Path) -> BaseConfig:
    """Read the file from the base commit of a fresh clone that no agent has touched.

    Raises:
        ConfigInvalid: the file is wrong, with line, column and what to write.
    """
    git = Git(checkout)
    name = f"{BASE_REF}:{CONFIG_PATH}"
    found = git.run("rev-parse", "--verify", "--quiet", name)
    if found.returncode != 0:
        return BaseConfig(config=AgentConfig(), blob_sha=None)
    content = git.read("cat-file", "blob", found.text, most_output=_LARGEST).stdout
    return BaseConfig(config=parse_agent_config(content), blob_sha=found.text)
