"""Parse `.rig-agent.yaml` into a frozen value, or say where it is wrong and what to write.

The file comes from a repository the rig does not trust with anything but its own build: it can
choose a worker, name commands for the sandbox and add restrictions. It can lift none.
"""

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any, assert_never

import msgspec

from rigtasks.routing.escalation import sends_to_a_mac
from rigtasks.routing.keys import KEYS, Key, Kind, MergeMethod, MergeMode, ReviewBy
from rigtasks.routing.look_alikes import skeleton
from rigtasks.routing.stack import Stack
from rigtasks.routing.yaml_tree import (
    ConfigInvalid,
    Mapping,
    Node,
    Reading,
    Scalar,
    Sequence,
    read_document,
    shown,
)

__all__ = [
    "CONFIG_PATH",
    "AgentConfig",
    "ConfigInvalid",
    "Limits",
    "Merge",
    "Paths",
    "parse_agent_config",
    "tightest",
]

CONFIG_PATH = ".rig-agent.yaml"
_MICRO = 1_000_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one run may use; None leaves it to the rig's setting. Money is in micro-dollars."""

    max_turns: int | None = None
    max_cost_micro_usd: int | None = None
    max_minutes: int | None = None
    max_review_loops: int | None = None


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions on the merge, added to the gate's own."""

    mode: MergeMode = MergeMode.RIG
    method: MergeMethod = MergeMethod.SQUASH
    required_checks: tuple[str, ...] = ()
    block_labels: tuple[str, ...] = ()


class Paths(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns of files that raise the human gate, and of files no agent may change."""

    sensitive: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class AgentConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a repository says about its own work; every key is optional."""

    stack: Stack | None = None
    tools: tuple[str, ...] = ()
    setup_command: str | None = None
    build_command: str | None = None
    test_command: str | None = None
    workdir: str | None = None
    base_branch: str | None = None
    escalate: tuple[str, ...] = ()
    limits: Limits = Limits()
    merge: Merge = Merge()
    paths: Paths = Paths()
    review: ReviewBy = ReviewBy.AGENT
    provider: str | None = None
    model: str | None = None

    @property
    def requires_macos(self) -> bool:
        """Tell whether an `escalate` entry sends this repository's issues to a Mac."""
        return any(sends_to_a_mac(entry) for entry in self.escalate)


@lru_cache(maxsize=64)
def parse_agent_config(data: bytes) -> AgentConfig:
    """Parse the bytes of `.rig-agent.yaml` as read at the base branch.

    Raises:
        ConfigInvalid: anything that is not exactly understood, with its line and column.
    """
    root = read_document(data)
    if not isinstance(root, Mapping):
        raise _invalid(
            root, _not_keys(root), "Write `key: value` lines, for example `stack: node`."
        )
    return msgspec.convert(_section(root, KEYS, within=""), AgentConfig)


def tightest(config: Limits, ceiling: Limits) -> Limits:
    """Combine a repository's limits with the rig's, the smaller figure of each pair winning."""
    return Limits(
        max_turns=_smaller(config.max_turns, ceiling.max_turns),
        max_cost_micro_usd=_smaller(config.max_cost_micro_usd, ceiling.max_cost_micro_usd),
        max_minutes=_smaller(config.max_minutes, ceiling.max_minutes),
        max_review_loops=_smaller(config.max_review_loops, ceiling.max_review_loops),
    )


def _smaller(one: int | None, other: int | None) -> int | None:
    given = [figure for figure in (one, other) if figure is not None]
    return min(given, default=None)


def _invalid(node: Node, problem: str, hint: str = "") -> ConfigInvalid:
    return ConfigInvalid(problem, line=node.line, column=node.column, hint=hint)


def _not_keys(node: Node) -> str:
    if isinstance(node, Scalar) and node.reading is Reading.NULL:
        return "the file holds nothing"
    return f"the file holds {_noun(node)} where keys are expected"


def _noun(node: Node) -> str:
    match node:
        case Scalar():
            return node.reading.value
        case Sequence():
            return "a list"
        case Mapping():
            return "a section with keys"
        case _:
            assert_never(node)


def _section(node: Mapping, keys: Iterable[Key], *, within: str) -> dict[str, Any]:
    table = {key.name: key for key in keys}
    values: dict[str, Any] = {}
    for written, value in node.entries:
        key = table.get(written.text)
        if key is None:
            place = f" in `{within}`" if within else ""
            raise _invalid(
                written,
                f"unknown key {shown(written.text)}{place}",
                _did_you_mean(written.text, table, within),
            )
        values[key.field] = _value(value, key)
    return values


def _did_you_mean(name: str, table: Iterable[str], within: str) -> str:
    here = {_plain(known): known for known in table}
    close = difflib.get_close_matches(_plain(name[:60]), here, n=1, cutoff=0.7)
    if close:
        alien = "" if name.isascii() else " Type it anew: not all of these letters are Latin ones."
        return f"Did you mean `{here[close[0]]}`?{alien}"
    for section in (key for key in KEYS if key.keys and key.name != within):
        for key in section.keys:
            if _plain(key.name) == _plain(name[:60]):
                return f"`{key.name}` belongs under `{section.name}:`."
    if within and name in {key.name for key in KEYS}:
        return f"`{name}` belongs at the top of the file, not under `{within}:`."
    return f"Known here: {', '.join(f'`{known}`' for known in here.values())}."


def _plain(name: str) -> str:
    """Return a name as it looks, whatever its case and the marks between its words."""
    return skeleton(name).replace("-", "").replace(" ", "")


def _value(node: Node, key: Key) -> Any:
    match key.kind:
        case Kind.TEXT:
            return _text(node, key)
        case Kind.CHOICE:
            return _choice(node, key)
        case Kind.INTEGER:
            figure = _figure(node, key)
            if figure != figure.to_integral_value():
                raise _invalid(node, f"`{key.name}` must be a whole number")
            return int(figure)
        case Kind.MONEY:
            return int(_figure(node, key) * _MICRO)
        case Kind.LIST:
            return _list(node, key)
        case Kind.SECTION:
            if not isinstance(node, Mapping):
                raise _invalid(
                    node,
                    f"`{key.name}` must be a section with keys, not {_noun(node)}",
                    f"Known here: {', '.join(f'`{each.name}`' for each in key.keys)}.",
                )
            return _section(node, key.keys, within=key.name)
        case _:
            assert_never(key.kind)


def _choice(node: Node, key: Key) -> str:
    allowed = ", ".join(key.choices)
    if isinstance(node, Scalar) and node.reading is Reading.BOOLEAN:
        raise _invalid(
            node,
            f"`{key.name}: {node.text}` is a YAML boolean (true or false), not a name",
            f"Write one of {allowed}.",
        )
    if not isinstance(node, Scalar) or node.reading is not Reading.TEXT:
        raise _invalid(
            node, f"`{key.name}` must be a name, not {_noun(node)}", f"Write one of {allowed}."
        )
    if node.text not in key.choices:
        close = difflib.get_close_matches(skeleton(node.text[:60]), key.choices, n=1)
        meant = f"Did you mean `{close[0]}`? " if close else ""
        raise _invalid(
            node, f"{shown(node.text)} is no {key.name}", f"{meant}Write one of {allowed}."
        )
    return node.text


def _text(node: Node, key: Key) -> str:
    if not isinstance(node, Scalar):
        raise _invalid(node, f"`{key.name}` must be text, not {_noun(node)}")
    if node.reading is Reading.NULL:
        raise _invalid(node, f"`{key.name}` has no value", "Give it one or remove the key.")
    if node.reading is not Reading.TEXT:
        raise _invalid(
            node,
            f"{shown(node.text)} reads as {node.reading.value} in YAML, `{key.name}` must be text",
            f'Put it in quotes: "{node.text[:40]}".',
        )
    if len(node.text) > key.max_length:
        raise _invalid(node, f"`{key.name}` is longer than {key.max_length} characters")
    if not re.search(key.pattern, node.text):
        raise _invalid(
            node, f"{shown(node.text)} is not accepted for `{key.name}`", f"Expected {key.accepts}."
        )
    return node.text


def _figure(node: Node, key: Key) -> Decimal:
    if not isinstance(node, Scalar) or node.reading is not Reading.NUMBER:
        found = shown(node.text) if isinstance(node, Scalar) else _noun(node)
        raise _invalid(
            node,
            f"`{key.name}` must be a plain number, not {found}",
            "Write digits without quotes, leading zeros, exponents or separators.",
        )
    figure = Decimal(node.text)
    if not Decimal(str(key.minimum)) <= figure <= Decimal(str(key.maximum)):
        raise _invalid(node, f"`{key.name}` must lie between {key.minimum:g} and {key.maximum:g}")
    return figure


def _list(node: Node, key: Key) -> list[str]:
    if not isinstance(node, Sequence):
        raise _invalid(
            node, f"`{key.name}` must be a list, not {_noun(node)}", "Write one `- item` per line."
        )
    if len(node.items) > key.max_items:
        raise _invalid(node, f"`{key.name}` has more than {key.max_items} entries")
    return [_text(item, key) for item in node.items]
