"""The words of the GraphQL part: who asks, what resolves a field, and a field that is refused."""

from collections.abc import Callable
from typing import Any

import msgspec

from rigtasks.local.github.access import Caller
from rigtasks.local.github.hub import Hub
from rigtasks.local.github.pulls import MergeChecks

Json = dict[str, Any]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what may be looked at."""

    hub: Hub
    caller: Caller
    merge_checks: MergeChecks


#: What finds the value of a field: by who asks, the row the field is of, and its arguments.
Resolver = Callable[[Context, Any, Json], Any]


class RefusedError(Exception):
    """A field that could not be answered; `kind` is GitHub's `type` of the error."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind
