"""From an error to an exit code and a message on standard error."""

import json
import sys
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise

from rigtasks.errors import Conflict, Permanent, Rejected, Retryable, RigError

LOCAL = "rigtasks.local.problems"
CONFIGURATION = "rigtasks.config_files"


class ExitCode(IntEnum):
    """The exit codes of every verb."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    INVALID = 3
    NOT_FOUND = 5
    CONFLICT = 6
    UNREACHABLE = 7
    INTERRUPTED = 130


class NotFound(Permanent):
    """Nothing has the name that was given."""


class PreconditionFailed(Permanent):
    """What is asked does not fit how things stand; the message says what does."""


BY_NAME = {
    f"{CONFIGURATION}.ConfigurationError": ExitCode.INVALID,
    f"{LOCAL}.AlreadyRunning": ExitCode.CONFLICT,
    f"{LOCAL}.Interrupted": ExitCode.INTERRUPTED,
}
"""Errors of packages that are too heavy to import before one of them was raised."""


def exit_code(error: RigError) -> ExitCode:
    """Return the exit code an error ends a command with."""
    for kind in type(error).__mro__:
        named = BY_NAME.get(f"{kind.__module__}.{kind.__qualname__}")
        if named is not None:
            return named
    match error:
        case NotFound():
            return ExitCode.NOT_FOUND
        case PreconditionFailed() | Conflict():
            return ExitCode.CONFLICT
        case Rejected():
            return ExitCode.INVALID
        case Retryable():
            return ExitCode.UNREACHABLE
        case Permanent() | RigError():
            return ExitCode.FAILURE


def tell(error: RigError, *, as_json: bool) -> ExitCode:
    """Write the error to standard error, as a sentence or as problem+json, and return its code."""
    code = exit_code(error)
    if as_json:
        problem = {
            "type": "about:blank",
            "title": _words(type(error).__name__),
            "code": getattr(error, "code", _kebab(type(error).__name__)),
            "detail": str(error),
            "exit_code": int(code),
        }
        sys.stderr.write(json.dumps(problem) + "\n")
    else:
        sys.stderr.write(f"rig: {error}\n")
    return code


def wants_json(arguments: Sequence[str]) -> bool:
    """Say whether a command line asks for JSON, so that its errors are JSON as well."""
    return any(
        one in {"--json", "-ojson", "--output=json"}
        or (one in {"-o", "--output"} and following == "json")
        for one, following in pairwise((*arguments, ""))
    )


def _words(name: str) -> str:
    return _kebab(name).replace("-", " ").capitalize()


def _kebab(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name).lstrip("-")
