"""Any bytes as `.rig-agent.yaml`: a config that survives its event, or a place and a sentence."""

import re

import msgspec
from bad_agent_configs import BAD_CONFIGS, FULL
from fuzz_target import Target

from rigtasks.routing.agent_config import AgentConfig, ConfigInvalid, parse_agent_config
from rigtasks.routing.keys import KEYS

_LONGEST_MESSAGE = 700
_LONGEST_SEED = 1_000
_LINE_END = re.compile(r"\r\n|[\n\r]")
_SIGNS = (
    "- ", ": ", "{", "}", "[", "]", "&a ", "*a", "!!", "!<", "|+", ">-2", "? ", "<<: ", "---\n",
    "...\n", "%YAML ", "%TAG ", "\\u", "\\x", "\ufeff", "\x85", "\u2028", "\r\n", " #", "'", '"',
)  # fmt: skip


def judge(data: bytes) -> None:
    """Raise unless the reader answers as it should."""
    try:
        config = parse_agent_config(data)
    except ConfigInvalid as error:
        _judge_complaint(data, error)
        return
    stored = msgspec.json.encode(config)
    assert b"\\u0000" not in stored, "jsonb cannot hold it"
    assert msgspec.json.decode(stored, type=AgentConfig) == config


def _judge_complaint(data: bytes, error: ConfigInvalid) -> None:
    lines = _LINE_END.split(data.decode("utf-8", "replace"))
    assert 1 <= error.line <= len(lines), f"line {error.line} of {len(lines)}"
    assert 1 <= error.column <= len(lines[error.line - 1]) + 2, f"column {error.column}"
    assert str(error).isprintable(), "a message is one line"
    assert len(str(error)) <= _LONGEST_MESSAGE, "a message stays a sentence"
    assert f"line {error.line}, column {error.column}: " in str(error)


_BAD = [case.data for cases in BAD_CONFIGS.values() for case in cases]
TARGET = Target(
    judge=judge,
    seeds=(FULL, *(each for each in _BAD if len(each) <= _LONGEST_SEED)),
    words=(
        *(key.name for key in KEYS),
        *(each.name for key in KEYS for each in key.keys),
        *(choice for key in KEYS for choice in key.choices),
        *_SIGNS,
    ),
)
