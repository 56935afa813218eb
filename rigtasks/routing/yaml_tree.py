"""Read one small YAML document into positioned nodes without constructing anything.

Only the parser's events are used: no value is built, no tag resolved, no alias followed, so a
hostile document costs at most its own length. Lines and columns count from 1.
"""

import re
from enum import StrEnum
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from rigtasks.errors import Rejected

MAX_BYTES = 65_536
MAX_DEPTH = 6
MAX_NODES = 2_000
_SHOWN = 40
_SHOWN_PROBLEM = 160

_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n"})
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_ODD_NUMBER = re.compile(
    r"[-+]?(?:0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|\.inf|\.Inf|\.INF|\.nan|\.NaN|\.NAN)",
    re.ASCII,
)
_LINE_END = re.compile(r"\r\n|[\n\r]")
_DIRECTIVE = re.compile(r"(?:\A|[\n\r])%")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?", re.ASCII)


class ConfigInvalid(Rejected):
    """A repository's `.rig-agent.yaml` cannot be used.

    Args:
        problem: what is wrong, safe to show in an issue comment.
        line: 1-based line in the file.
        column: 1-based column in that line.
        hint: what to write instead; empty when the problem says it all.
    """

    def __init__(self, problem: str, *, line: int, column: int, hint: str = "") -> None:
        tail = f" {hint}" if hint else ""
        super().__init__(
            f"`.rig-agent.yaml` line {line}, column {column}: {problem}.{tail}",
            code="config-invalid",
        )
        self.problem = problem
        self.line = line
        self.column = column
        self.hint = hint


class Reading(StrEnum):
    """What a scalar means to the YAML 1.1 and 1.2 readers people know."""

    NULL = "nothing"
    BOOLEAN = "a YAML boolean"
    NUMBER = "a number"
    ODD_NUMBER = "a number in an odd notation"
    DATE = "a date"
    TEXT = "text"


class Scalar(msgspec.Struct, frozen=True, kw_only=True):
    """One value with the place it was written at; `plain` means without quotes."""

    text: str
    plain: bool
    line: int
    column: int

    @property
    def reading(self) -> Reading:
        """Tell how YAML readers take this scalar; quoted ones are always text."""
        if not self.plain:
            return Reading.TEXT
        if self.text in _NULLS:
            return Reading.NULL
        if self.text.lower() in _BOOLEANS:
            return Reading.BOOLEAN
        if _NUMBER.fullmatch(self.text):
            return Reading.NUMBER
        if _ODD_NUMBER.fullmatch(self.text):
            return Reading.ODD_NUMBER
        return Reading.DATE if _DATE.fullmatch(self.text) else Reading.TEXT


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """A list of nodes."""

    items: tuple["Node", ...]
    line: int
    column: int


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """Keys and values in file order; the keys are distinct."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    line: int
    column: int


Node = Scalar | Sequence | Mapping


class _Open(msgspec.Struct):
    """A collection whose end has not been read yet."""

    line: int
    column: int
    is_mapping: bool
    children: list[Node]
    keys: set[str]


def shown(text: str, limit: int = _SHOWN) -> str:
    """Quote a value for a message: shortened, on one line, unable to ping or to break the span."""
    short = text if len(text) <= limit else text[:limit] + "…"
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short)
    return f"`{printable.replace('`', chr(39))}`"


def read_document(data: bytes) -> Node:
    """Parse the bytes of a file into one positioned document.

    Raises:
        ConfigInvalid: not UTF-8, too large, not YAML, several documents, or a feature that is
            not accepted (anchors, aliases, tags, directives, merge keys, duplicate or non-text
            keys).
    """
    text = _decode(data)
    _refuse_directives(text)
    reader: Any = YAML(pure=True).parse(text)
    try:
        return _build(reader)
    except MarkedYAMLError as error:
        raise _syntax(error) from error
    except ReaderError as error:
        line, column = _place(text, error.position)
        raise ConfigInvalid(
            "a control character that YAML does not allow", line=line, column=column
        ) from error
    except (YAMLError, ValueError, OverflowError) as error:
        raise ConfigInvalid(
            "this is not YAML that can be read",
            line=1,
            column=1,
            hint=shown(str(error), _SHOWN_PROBLEM),
        ) from error


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise ConfigInvalid(
            f"the file has {len(data)} bytes, at most {MAX_BYTES} are read", line=1, column=1
        )
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = _place(before, len(before))
        raise ConfigInvalid(
            "the file is not UTF-8", line=line, column=column, hint="Save it as UTF-8."
        ) from error


def _refuse_directives(text: str) -> None:
    """Refuse what changes how the rest is read, and what the parser fails on (`%YAML 1.0`)."""
    found = _DIRECTIVE.search(text)
    if found is not None:
        line, column = _place(text, found.end() - 1)
        raise ConfigInvalid(
            "directives are not accepted",
            line=line,
            column=column,
            hint="Remove the line that begins with `%`.",
        )


def _place(text: str, position: int) -> tuple[int, int]:
    """Count lines as the parser does, so that every complaint about a file speaks of the same."""
    before = _LINE_END.split(text[:position])
    return len(before), len(before[-1]) + 1


def _syntax(error: MarkedYAMLError) -> ConfigInvalid:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = str(error.problem or error.context or "this is not YAML")
    hint = "YAML is indented with spaces, never with tabs." if "'\\t'" in problem else ""
    return ConfigInvalid(
        f"YAML stops here: {shown(problem, _SHOWN_PROBLEM)}", line=line, column=column, hint=hint
    )


def _build(events: Any) -> Node:
    stack: list[_Open] = []
    root: Node | None = None
    nodes = 0
    documents = 0
    for event in events:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise ConfigInvalid(
                    "a second document starts here", line=line, column=column, hint="Keep one."
                )
            continue
        if isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent, AliasEvent)):
            nodes += 1
            _refuse_features(event, line, column)
            if nodes > MAX_NODES or len(stack) > MAX_DEPTH:
                raise ConfigInvalid(
                    "the file is nested or filled too much", line=line, column=column
                )
        finished = _step(event, stack, line, column)
        if finished is not None:
            if stack:
                _attach(stack[-1], finished)
            else:
                root = finished
    if root is None:
        raise ConfigInvalid(
            "the file is empty", line=1, column=1, hint="Write `stack: …` or delete the file."
        )
    return root


def _refuse_features(event: Any, line: int, column: int) -> None:
    if isinstance(event, AliasEvent) or event.anchor is not None:
        raise ConfigInvalid(
            "anchors and aliases are not accepted", line=line, column=column, hint="Write it out."
        )
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise ConfigInvalid(
            f"the tag {shown(str(tag))} is not accepted",
            line=line,
            column=column,
            hint="Remove it; plain values are enough.",
        )


def _step(event: Any, stack: list[_Open], line: int, column: int) -> Node | None:
    match event:
        case ScalarEvent():
            return Scalar(
                text=str(event.value), plain=event.style is None, line=line, column=column
            )
        case SequenceStartEvent() | MappingStartEvent():
            is_mapping = isinstance(event, MappingStartEvent)
            stack.append(
                _Open(line=line, column=column, is_mapping=is_mapping, children=[], keys=set())
            )
        case SequenceEndEvent():
            done = stack.pop()
            return Sequence(items=tuple(done.children), line=done.line, column=done.column)
        case MappingEndEvent():
            done = stack.pop()
            return Mapping(entries=_pairs(done.children), line=done.line, column=done.column)
        case _:
            pass
    return None


def _attach(parent: _Open, node: Node) -> None:
    is_key = parent.is_mapping and len(parent.children) % 2 == 0
    if is_key:
        if not isinstance(node, Scalar):
            raise ConfigInvalid("a key must be a plain word", line=node.line, column=node.column)
        if node.plain and node.text == "<<":
            raise ConfigInvalid(
                "merge keys are not accepted",
                line=node.line,
                column=node.column,
                hint="Write it out.",
            )
        if node.text in parent.keys:
            raise ConfigInvalid(
                f"the key {shown(node.text)} is written twice",
                line=node.line,
                column=node.column,
                hint="Keep one of them.",
            )
        parent.keys.add(node.text)
    parent.children.append(node)


def _pairs(children: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
    keys = (child for child in children[::2] if isinstance(child, Scalar))
    return tuple(zip(keys, children[1::2], strict=True))
