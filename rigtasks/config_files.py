"""The files that settings name, read and checked."""

from pathlib import Path

import msgspec

from rigtasks.errors import Permanent
from rigtasks.github.identities import Role
from rigtasks.routing.tools import ToolList, ToolListInvalid, parse_tool_list


class ConfigurationError(Permanent):
    """A setting is missing or wrong; the message names it and says what to set."""


class AppFile(msgspec.Struct, frozen=True, kw_only=True):
    """One GitHub App as the apps file names it: its id and the file with its private key."""

    app_id: int
    private_key_path: str


def read_apps(path: Path) -> dict[Role, AppFile]:
    """Return the GitHub Apps by role.

    Raises:
        ConfigurationError: the file is missing, unreadable or lacks a role.
    """
    try:
        apps = msgspec.json.decode(path.read_bytes(), type=dict[Role, AppFile])
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(
            f"RIG_APPS_FILE={path} cannot be used: {error}; it must be a JSON object "
            'with "author", "reviewer" and "conductor", each {"app_id", "private_key_path"}'
        ) from error
    missing = sorted(role for role in Role if role not in apps)
    if missing:
        raise ConfigurationError(f"RIG_APPS_FILE={path} lacks {', '.join(missing)}")
    return apps


def read_tool_list(path: Path) -> ToolList:
    """Return the tools that repositories may have installed.

    Raises:
        ConfigurationError: the file is missing or unreadable, or an entry of it is wrong.
    """
    try:
        return parse_tool_list(path.read_bytes())
    except (OSError, ToolListInvalid) as error:
        raise ConfigurationError(f"RIG_TOOLS_FILE={path} cannot be used: {error}") from error
