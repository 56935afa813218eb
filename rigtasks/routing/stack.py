"""Stacks, the queues that serve them, and how a stack is recognised from file names."""

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

import msgspec


class Stack(StrEnum):
    """What a repository is built with; one worker image each."""

    NODE = "node"
    DOTNET = "dotnet"
    PYTHON = "python"
    IOS = "ios"


class Queue(StrEnum):
    """The Celery queues by their public names. Nothing else may become a queue name."""

    DEV_E_NODE = "dev-e-node"
    DEV_E_DOTNET = "dev-e-dotnet"
    DEV_E_PYTHON = "dev-e-python"
    REVIEW_E = "review-e"
    IOS = "ios"
    PLANNER = "planner"
    CONDUCTOR = "conductor"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A file that speaks for a stack."""

    stack: Stack
    path: str


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """Every file that speaks for a stack, sorted by stack and path."""

    evidence: tuple[Evidence, ...] = ()

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """List the stacks that at least one file speaks for."""
        found = {each.stack for each in self.evidence}
        return tuple(stack for stack in Stack if stack in found)

    @property
    def stack(self) -> Stack | None:
        """Name the stack when exactly one was found."""
        stacks = self.stacks
        return stacks[0] if len(stacks) == 1 else None

    def describe(self) -> str:
        """Say which file speaks for which stack, one file per stack."""
        first = {each.stack: each.path for each in reversed(self.evidence)}
        return ", ".join(f"{stack} ({first[stack]})" for stack in self.stacks) or "no known stack"


_FILES: dict[str, Stack] = {
    "package.json": Stack.NODE,
    "global.json": Stack.DOTNET,
    "Directory.Build.props": Stack.DOTNET,
    "pyproject.toml": Stack.PYTHON,
    "setup.py": Stack.PYTHON,
    "setup.cfg": Stack.PYTHON,
    "requirements.txt": Stack.PYTHON,
    "Pipfile": Stack.PYTHON,
    "Package.swift": Stack.IOS,
    "Podfile": Stack.IOS,
}
_SUFFIXES: dict[str, Stack] = {
    ".sln": Stack.DOTNET,
    ".slnx": Stack.DOTNET,
    ".csproj": Stack.DOTNET,
    ".fsproj": Stack.DOTNET,
    ".vbproj": Stack.DOTNET,
    ".xcodeproj": Stack.IOS,
    ".xcworkspace": Stack.IOS,
}
_BUNDLES = (".xcodeproj", ".xcworkspace")
_FOREIGN_FOLDERS = frozenset({"node_modules", "vendor", "third_party", "bower_components"})
_LEVELS = 2


def detect_stack(paths: Iterable[str], *, workdir: str | None = None) -> Detection:
    """Find the stacks that the file names at the root and one level down speak for.

    Args:
        paths: files of the tree, relative to the repository, with `/` between the parts.
        workdir: look below this folder instead of the repository's root.
    """
    parts = [part for part in (workdir or "").split("/") if part not in {"", "."}]
    prefix = "".join(f"{part}/" for part in parts)
    found = {
        evidence
        for path in paths
        if path.startswith(prefix)
        for evidence in [_evidence(path.removeprefix(prefix), prefix)]
        if evidence is not None
    }
    order = list(Stack)
    return Detection(
        evidence=tuple(sorted(found, key=lambda each: (order.index(each.stack), each.path)))
    )


def _evidence(path: str, prefix: str) -> Evidence | None:
    parts = path.split("/")
    for depth, part in enumerate(parts[:_LEVELS]):
        is_file = depth == len(parts) - 1
        stack = _stack_of(part, is_file=is_file)
        if stack is not None:
            return Evidence(stack=stack, path=prefix + "/".join(parts[: depth + 1]))
        if part.startswith(".") or part in _FOREIGN_FOLDERS:
            return None
    return None


def _stack_of(name: str, *, is_file: bool) -> Stack | None:
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if is_file and name in _FILES:
        return _FILES[name]
    if is_file or suffix in _BUNDLES:
        return _SUFFIXES.get(suffix)
    return None


def queue_for(stack: Stack, *, requires_macos: bool = False) -> Queue:
    """Name the queue whose workers can build this stack."""
    if requires_macos:
        return Queue.IOS
    match stack:
        case Stack.NODE:
            return Queue.DEV_E_NODE
        case Stack.DOTNET:
            return Queue.DEV_E_DOTNET
        case Stack.PYTHON:
            return Queue.DEV_E_PYTHON
        case Stack.IOS:
            return Queue.IOS
        case _:
            assert_never(stack)
