"""The outside of a GraphQL answer: what it may have beside data, and what its errors are.

https://spec.graphql.org/October2021/#sec-Response-Format, and what GitHub adds to it: every error
may have a `type`, and that of a limit a `code`.
"""

from collections.abc import Iterator
from typing import Any

_PARTS = {"data", "errors", "extensions"}
_OF_AN_ERROR = {"message", "locations", "path", "extensions", "type", "code"}
_TEXTS = ("type", "code")


def differences(answer: Any) -> Iterator[str]:
    """Say in words why something is no answer, whatever was asked."""
    if not isinstance(answer, dict):
        yield "GraphQL answers with no object"
        return
    for name in sorted(answer.keys() - _PARTS):
        yield f"GraphQL answers with {name}, which is no part of an answer"
    if "extensions" in answer and not isinstance(answer["extensions"], dict):
        yield "GraphQL has extensions that are no object"
    if "data" in answer and not isinstance(answer["data"], dict | None):
        yield "GraphQL has data that is no object"
    if "errors" in answer:
        yield from _errors(answer["errors"], answer.get("data"))
    elif answer.get("data") is None:
        yield "GraphQL has neither data nor errors"


def _errors(errors: Any, data: Any) -> Iterator[str]:
    if not isinstance(errors, list) or not errors:
        yield "GraphQL has errors that are no list of some"
        return
    for error in errors:
        if not isinstance(error, dict):
            yield f"GraphQL has an error that is no object: {error!r}"
            continue
        message = error.get("message")
        if not isinstance(message, str) or not message:
            yield f"GraphQL has an error without a message: {error}"
        for name in sorted(error.keys() - _OF_AN_ERROR):
            yield f"GraphQL has an error with {name}"
        yield from _parts_of_error(error, data)


def _parts_of_error(error: dict[str, Any], data: Any) -> Iterator[str]:
    for name in _TEXTS:
        if name in error and not isinstance(error[name], str):
            yield f"GraphQL has an error whose {name} is no text: {error[name]!r}"
    if "extensions" in error and not isinstance(error["extensions"], dict):
        yield "GraphQL has an error whose extensions are no object"
    if "locations" in error and not _are_locations(error["locations"]):
        yield f"GraphQL has an error with locations that are none: {error['locations']!r}"
    if "path" in error:
        if not _is_path(error["path"]):
            yield f"GraphQL has an error with a path that is none: {error['path']!r}"
        elif not _is_null_at(data, error["path"]):
            yield f"GraphQL has an error at {_words(error['path'])}, which it answers all the same"


def _are_locations(given: Any) -> bool:
    return (
        isinstance(given, list)
        and bool(given)
        and all(
            isinstance(one, dict) and one.keys() == {"line", "column"} and _from_one(one)
            for one in given
        )
    )


def _from_one(place: dict[str, Any]) -> bool:
    return all(type(value) is int and value >= 1 for value in place.values())


def _is_path(given: Any) -> bool:
    return isinstance(given, list) and bool(given) and all(type(one) in {str, int} for one in given)


def _is_null_at(data: Any, path: list[str | int]) -> bool:
    """Say whether what an error is about, or something around it, is null."""
    for step in path:
        if data is None:
            return True
        inside = isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data)
        if not inside and not (isinstance(data, dict) and step in data):
            return False
        data = data[step]
    return data is None


def _words(path: list[str | int]) -> str:
    return ".".join(str(step) for step in path)
