"""The names of the agents' command lines that verbs know; light, because every start reads it."""

from enum import StrEnum


class Tool(StrEnum):
    """The command lines whose output can be read."""

    CLAUDE = "claude"
    CODEX = "codex"


class DemoAgent(StrEnum):
    """The agents the demo can be told with."""

    SCRIPTED = "scripted"
    CLAUDE = "claude"
    CODEX = "codex"
