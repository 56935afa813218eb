"""Query parameters: named, bounded, and nothing else accepted."""

import re
from collections.abc import Sequence

import msgspec
from flask import request

from rigtasks.errors import Rejected
from webhook_receiver.problems import ErrorAt
from webhook_receiver.reading.paging import DEFAULT_LIMIT, MOST

_NUMBER = re.compile(r"[0-9]{1,6}\Z")
_LONGEST = 400


class ParametersRejected(Rejected):
    """Some parameters are wrong; `errors` names each."""

    def __init__(self, errors: Sequence[ErrorAt]) -> None:
        names = ", ".join(error.parameter for error in errors)
        super().__init__(f"These parameters cannot be used: {names}.", code="parameter-invalid")
        self.errors = tuple(errors)


class ListParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What every list takes, and its filters; absent ones are None."""

    limit: int
    cursor: str | None
    filters: dict[str, str | None]


def list_parameters(**filters: Sequence[str] | None) -> ListParameters:
    """Read `limit`, `cursor` and the filters of a list from the query.

    Args:
        filters: by name, the values allowed; None where any short text is.

    Raises:
        ParametersRejected: a parameter is unknown, repeated or out of bounds.
    """
    given = request.args
    errors = [
        ErrorAt(parameter=name[:_LONGEST], detail="there is no such parameter")
        for name in given
        if name not in {"limit", "cursor", *filters}
    ]
    errors += [
        ErrorAt(parameter=name, detail="may be given once, in at most 400 characters")
        for name in ("limit", "cursor", *filters)
        if len(given.getlist(name)) > 1 or len(given.get(name, "")) > _LONGEST
    ]
    limit = given.get("limit", str(DEFAULT_LIMIT))
    if not _NUMBER.match(limit) or not 1 <= int(limit) <= MOST:
        errors.append(ErrorAt(parameter="limit", detail=f"must be between 1 and {MOST}"))
    errors += [
        ErrorAt(parameter=name, detail=f"must be one of {', '.join(allowed)}")
        for name, allowed in filters.items()
        if allowed is not None and name in given and given[name] not in allowed
    ]
    errors += [
        ErrorAt(parameter=name, detail="must not contain a NUL")
        for name in filters
        if "\x00" in given.get(name, "")
    ]
    if errors:
        raise ParametersRejected(errors)
    return ListParameters(
        limit=int(limit),
        cursor=given.get("cursor") or None,
        filters={name: given.get(name) or None for name in filters},
    )
